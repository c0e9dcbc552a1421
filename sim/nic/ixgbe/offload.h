// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What the 82599 does to the bytes of a frame: checksums, segments and VLAN tags. Pure functions.
//
// Lengths are in bytes. Frames run from destination address to the last byte before the CRC.
#ifndef SIM_NIC_IXGBE_OFFLOAD_H_
#define SIM_NIC_IXGBE_OFFLOAD_H_

#include <cstdint>
#include <vector>

#include "drivers/ixgbe/ixgbe_regs.h"

namespace mapwire::sim::nic82599 {

namespace reg = ::mapwire::ixgbe;

enum class L4 : uint8_t { kUdp, kTcp, kSctp, kOther };

// A context descriptor: where the headers of the packets behind it are, and how to cut those.
struct TxContext {
  uint32_t mac_bytes = 0;
  uint32_t ip_bytes = 0;
  uint32_t l4_bytes = 0;
  uint32_t mss = 0;
  uint16_t vlan = 0;
  bool ipv4 = false;
  L4 l4 = L4::kOther;

  uint32_t header_bytes() const { return mac_bytes + ip_bytes + l4_bytes; }
};
TxContext DecodeContext(const reg::Descriptor& descriptor);

// What the first data descriptor of a packet asks for.
struct TxRequest {
  bool segment = false;
  bool ip_checksum = false;
  bool l4_checksum = false;
  bool insert_vlan = false;
  bool check_context = false;
  uint32_t slot = 0;  // of the context

  bool any() const { return segment || ip_checksum || l4_checksum || insert_vlan || check_context; }
};
TxRequest DecodeRequest(const reg::Descriptor& descriptor);

// Why this request cannot be served for a packet of so many bytes, headers included; or null. Only
// what passes here may go to the functions below.
const char* Impossible(const TxContext& context, const TxRequest& request, uint32_t packet_bytes);

// Fills in the IPv4 header checksum and the L4 checksum, as asked. Software has put the sum over
// the pseudo header where the TCP or UDP checksum goes, and anything where that of SCTP goes.
void InsertChecksums(const TxContext& context, const TxRequest& request,
                     std::vector<uint8_t>* frame);

// ANDed with the twelve bits of TCP flags in a packet's first, middle and last segments; a packet
// of one segment keeps its flags.
struct TcpFlagMasks {
  uint32_t first;
  uint32_t middle;
  uint32_t last;
};

// Into how many segments a packet is cut.
uint32_t SegmentCount(const TxContext& context, uint32_t packet_bytes);
// Segment `index` of `packet`: the headers, and no more than MSS bytes behind them. Lengths, IPv4
// identification, TCP sequence number and flags are this segment's; so are the checksums asked for.
// In the packet, the L4 checksum field holds the sum over the pseudo header without its length.
void MakeSegment(const TxContext& context, const TxRequest& request, const TcpFlagMasks& masks,
                 const std::vector<uint8_t>& packet, uint32_t index, std::vector<uint8_t>* segment);

// Puts a tag behind the addresses of a frame of 12 bytes or more.
void InsertVlanTag(uint16_t ethertype, uint16_t tag, std::vector<uint8_t>* frame);

// What the receiver finds about the checksums of a frame.
struct RxChecksums {
  bool ip_checked = false;
  bool ip_bad = false;
  bool l4_checked = false;
  bool l4_bad = false;
};
// `ethertype`: of a VLAN tag, one of which may stand before the headers. Not checked: L4 of
// fragments, of packets with IPv6 extension headers and of packets cut short; UDP over IPv4 without
// checksum.
RxChecksums CheckReceived(const std::vector<uint8_t>& frame, uint32_t ethertype);

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_OFFLOAD_H_
