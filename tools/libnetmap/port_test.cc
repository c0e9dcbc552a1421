// Ports against a kernel: the core of a simulated host. Every test ends with nothing left over: no
// memory, no descriptor, no mapping, no page of a region.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>

#include "sim/world/world.h"
#include "tools/libnetmap/context_for_test.h"

namespace mapwire::libnetmap {
namespace {

constexpr uint32_t kQueues = 4;
constexpr uint32_t kSlots = 64;

class Port : public testing::Test {
 protected:
  // Runs `body` as a program of a host that has a card of four queues, eth0, wired to eth0 of
  // another host.
  void Run(const std::function<void()>& body) {
    sim::World world(sim::WorldOptions{1});
    sim::Host& left = world.AddHost({});
    sim::Host& right = world.AddHost({});
    sim::NicOptions nic;
    nic.port.driver.queue_pairs = kQueues;
    nic.port.driver.tx_slots = nic.port.driver.rx_slots = kSlots;
    world.Connect(world.AddIxgbe(left, nic), world.AddIxgbe(right, nic), {});
    ASSERT_EQ(world.Boot(), "");
    sim::Process& program = world.AddProcess(left, "program");
    bool done = false;
    program.Start(0, [&](sim::Process& process) {
      process_ = &process;
      body();
      EXPECT_FALSE(process.IsOpen(sim::kFirstDescriptor)) << "a descriptor is open";
      done = true;
    });
    EXPECT_TRUE(world.RunToEnd(world.now() + 10 * sim::kSecond));
    EXPECT_TRUE(done);
    EXPECT_EQ(context.allocations, 0);
    EXPECT_EQ(context.locked, 0);
    EXPECT_EQ(context.mem_descs, nullptr);
    EXPECT_EQ(context.Message(), "");
    EXPECT_EQ(world.CheckInvariants(), "");
    EXPECT_EQ(world.Shutdown(), "");
  }

  // errno and message of a name that cannot be opened.
  std::string Refused(const char* name) {
    errno = 0;
    nmport_d* const d = nmport_open(name);
    const int error = errno;
    EXPECT_EQ(d, nullptr) << name;
    nmport_close(d);
    EXPECT_EQ(context.allocations, 0) << name;
    return std::to_string(error) + ": " + context.Message();
  }

  sim::Process* process_ = nullptr;
  TestContext context;
};

std::string Rings(const nmport_d& d) {
  const auto interval = [](uint16_t first, uint16_t last) {
    return std::to_string(first) + ".." + std::to_string(last);
  };
  return interval(d.first_tx_ring, d.last_tx_ring) + " " +
         interval(d.first_rx_ring, d.last_rx_ring);
}

TEST_F(Port, OpenBindsMapsAndFindsTheRings) {
  Run([&] {
    nmport_d* const d = nmport_open("netmap:eth0");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->register_done, 1);
    EXPECT_EQ(d->mmap_done, 1);
    EXPECT_EQ(d->reg.nr_tx_rings, kQueues);
    EXPECT_EQ(d->reg.nr_rx_slots, kSlots);
    EXPECT_EQ(d->reg.nr_mem_id, 1);
    EXPECT_STREQ(d->nifp->ni_name, "eth0");
    EXPECT_EQ(Rings(*d), "0..3 0..3");
    EXPECT_EQ(d->cur_tx_ring, 0);
    EXPECT_EQ(d->mem->refcount, 1);
    EXPECT_EQ(d->mem->size, d->reg.nr_memsize);
    EXPECT_EQ(d->mem->is_extmem, 0);
    nmport_close(d);
  });
}

TEST_F(Port, RingsOfEachMode) {
  Run([&] {
    const struct {
      const char* name;
      const char* rings;
    } cases[] = {
        // One host ring is counted where there is none, so an empty direction begins at 5.
        {"netmap:eth0-2", "2..2 2..2"},
        {"netmap:eth0/T", "0..3 5..4"},
        {"netmap:eth0/R", "5..4 0..3"},
        {"netmap:eth0-3/Rx", "5..4 3..3"},
    };
    for (const auto& each : cases) {
      nmport_d* const d = nmport_open(each.name);
      ASSERT_NE(d, nullptr) << each.name;
      EXPECT_EQ(Rings(*d), each.rings) << each.name;
      EXPECT_EQ(d->cur_tx_ring, d->first_tx_ring);
      EXPECT_EQ(d->cur_rx_ring, d->first_rx_ring);
      nmport_close(d);
    }
  });
}

TEST_F(Port, PortsOfARegionShareAMapping) {
  Run([&] {
    nmport_d* const a = nmport_open("netmap:eth0-0");
    nmport_d* const b = nmport_open("netmap:eth0-1");
    ASSERT_NE(a, nullptr);
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(a->mem, b->mem);
    EXPECT_EQ(a->mem->refcount, 2);
    EXPECT_NE(a->nifp, b->nifp);
    nmport_close(a);
    EXPECT_EQ(b->mem->refcount, 1);
    NETMAP_BUF(NETMAP_TXRING(b->nifp, 1), 2)[0] = 1;  // still there
    void* const memory = b->mem->mem;
    nmport_close(b);
    EXPECT_EQ(context.mem_descs, nullptr);
    unsigned char in_core;
    EXPECT_EQ(mincore(memory, 4096, &in_core), -1) << "it is still mapped";
    // In the other order.
    nmport_d* const c = nmport_open("netmap:eth0-0");
    nmport_d* const e = nmport_open("netmap:eth0-1");
    ASSERT_NE(e, nullptr);
    nmport_close(e);
    EXPECT_EQ(c->mem->refcount, 1);
    nmport_close(c);
  });
}

TEST_F(Port, StepsOneByOne) {
  Run([&] {
    nmport_d* const d = nmport_new();
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->fd, -1);
    EXPECT_EQ(d->ctx, &context);
    EXPECT_EQ(d->hdr.nr_version, 14);
    EXPECT_EQ(d->hdr.nr_body, reinterpret_cast<uintptr_t>(&d->reg));
    EXPECT_EQ(nmport_parse(d, "netmap:eth0-1/T"), 0);
    EXPECT_EQ(nmport_mmap(d), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(context.Message(), "eth0: not registered");
    EXPECT_EQ(nmport_register(d), 0);
    EXPECT_GE(d->fd, 0);
    EXPECT_EQ(nmport_register(d), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(context.Message(), "eth0: already registered");
    EXPECT_EQ(d->register_done, 1);
    EXPECT_EQ(nmport_mmap(d), 0);
    EXPECT_EQ(nmport_mmap(d), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(context.Message(), "eth0: already mapped");
    nmport_undo_mmap(d);
    EXPECT_EQ(d->nifp, nullptr);
    EXPECT_EQ(d->mem, nullptr);
    EXPECT_EQ(d->mmap_done, 0);
    EXPECT_EQ(Rings(*d), "0..0 0..0");
    EXPECT_EQ(nmport_mmap(d), 0) << "again";
    nmport_undo_open_desc(d);
    EXPECT_EQ(d->fd, -1);
    EXPECT_EQ(d->register_done, 0);
    nmport_undo_parse(d);
    EXPECT_EQ(d->hdr.nr_version, 0);
    nmport_delete(d);
  });
}

TEST_F(Port, ExtraBuffers) {
  Run([&] {
    nmport_d* const d = nmport_prepare("netmap:eth0-0");
    ASSERT_NE(d, nullptr);
    d->reg.nr_extra_bufs = 3;
    ASSERT_EQ(nmport_open_desc(d), 0);
    EXPECT_EQ(d->reg.nr_extra_bufs, 3u);
    netmap_ring* const ring = NETMAP_TXRING(d->nifp, 0);
    uint32_t found = 0;
    for (uint32_t at = d->nifp->ni_bufs_head; at != 0; ++found) {
      memcpy(&at, NETMAP_BUF(ring, at), sizeof(at));
    }
    EXPECT_EQ(found, 3u);
    nmport_close(d);
  });
}

TEST_F(Port, ACloneOpensAnotherRingOfTheSamePort) {
  Run([&] {
    nmport_d* const d = nmport_open("netmap:eth0-0/x");
    ASSERT_NE(d, nullptr);
    nmport_d* const copy = nmport_clone(d);
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(copy->fd, -1);
    EXPECT_EQ(copy->register_done, 0);
    EXPECT_EQ(copy->hdr.nr_body, reinterpret_cast<uintptr_t>(&copy->reg));
    EXPECT_EQ(copy->reg.nr_mem_id, 1);
    EXPECT_EQ(nmport_open_desc(copy), -1) << "the ring is taken";
    EXPECT_EQ(errno, EBUSY);
    EXPECT_EQ(context.Message(), "eth0: Device or resource busy");
    copy->reg.nr_ringid = 1;
    EXPECT_EQ(nmport_open_desc(copy), 0);
    EXPECT_EQ(copy->mem, d->mem);
    EXPECT_EQ(Rings(*copy), "1..1 1..1");
    nmport_close(copy);
    nmport_close(d);
    nmport_d* const early = nmport_prepare("netmap:eth0");
    EXPECT_EQ(nmport_offset(early, 0, 64, 0, 0), 0);
    nmport_d* const unused = nmport_clone(early);
    EXPECT_EQ(unused->hdr.nr_options, 0u);
    EXPECT_EQ(unused->clist, nullptr);
    nmport_undo_prepare(early);
    nmport_undo_prepare(unused);
  });
}

TEST_F(Port, InjectFillsRingAfterRing) {
  Run([&] {
    nmport_d* const d = nmport_open("netmap:eth0/T");
    ASSERT_NE(d, nullptr);
    netmap_ring* const ring = NETMAP_TXRING(d->nifp, 0);
    const std::string frame(60, 'f');
    EXPECT_EQ(nmport_inject(d, frame.data(), 0), 0);
    EXPECT_EQ(nmport_inject(d, frame.data(), frame.size()), 60);
    EXPECT_EQ(ring->head, 1u);
    EXPECT_EQ(ring->cur, 1u);
    EXPECT_EQ(ring->slot[0].len, 60);
    EXPECT_EQ(memcmp(NETMAP_BUF(ring, ring->slot[0].buf_idx), frame.data(), 60), 0);
    // Two whole buffers take two slots, one byte more takes three.
    const std::string large(2 * 2048 + 1, 'l');
    EXPECT_EQ(nmport_inject(d, large.data(), 2 * 2048), 2 * 2048);
    EXPECT_EQ(ring->head, 3u);
    EXPECT_EQ(ring->slot[1].flags & NS_MOREFRAG, NS_MOREFRAG);
    EXPECT_EQ(ring->slot[2].flags & NS_MOREFRAG, 0);
    EXPECT_EQ(ring->slot[2].len, 2048);
    EXPECT_EQ(nmport_inject(d, large.data(), large.size()), 2 * 2048 + 1);
    EXPECT_EQ(ring->head, 6u);
    EXPECT_EQ(ring->slot[5].len, 1);
    int more = 0;
    while (nmport_inject(d, frame.data(), frame.size()) != 0) ++more;
    EXPECT_EQ(more, static_cast<int>(kQueues * (kSlots - 1) - 6));
    EXPECT_EQ(d->cur_tx_ring, 3) << "the last that had room";
    nmport_close(d);
    nmport_d* const receiver = nmport_open("netmap:eth0/R");
    ASSERT_NE(receiver, nullptr);
    EXPECT_EQ(nmport_inject(receiver, frame.data(), frame.size()), 0) << "no ring to send from";
    nmport_close(receiver);
  });
}

TEST_F(Port, InjectFromTheRingAskedFor) {
  Run([&] {
    nmport_d* const d = nmport_open("netmap:eth0");
    ASSERT_NE(d, nullptr);
    d->cur_tx_ring = 3;
    EXPECT_EQ(nmport_inject(d, "frame", 5), 5);
    EXPECT_EQ(NETMAP_TXRING(d->nifp, 3)->head, 1u);
    netmap_ring* const third = NETMAP_TXRING(d->nifp, 3);
    third->head = third->cur = third->tail;
    EXPECT_EQ(nmport_inject(d, "frame", 5), 5);
    EXPECT_EQ(NETMAP_TXRING(d->nifp, 0)->head, 1u) << "round and round";
    EXPECT_EQ(d->cur_tx_ring, 0);
    nmport_close(d);
  });
}

TEST_F(Port, FramesThatAreInjectedLeave) {
  Run([&] {
    nmport_d* const d = nmport_open("netmap:eth0-0");
    ASSERT_NE(d, nullptr);
    netmap_ring* const ring = NETMAP_TXRING(d->nifp, 0);
    std::string frame(60, '\0');
    for (int i = 0; i < 40; ++i) {
      ASSERT_EQ(nmport_inject(d, frame.data(), frame.size()), 60);
    }
    int rounds = 0;
    while (nm_tx_pending(ring) != 0 && ++rounds < 1000) {
      EXPECT_EQ(ioctl(d->fd, NIOCTXSYNC, nullptr), 0);
      usleep(10);
    }
    EXPECT_FALSE(nm_tx_pending(ring));
    nmport_close(d);
  });
}

TEST_F(Port, WhatCannotBeOpenedSaysWhy) {
  Run([&] {
    EXPECT_EQ(Refused("netmap:eth7"), "6: eth7: No such device or address");
    EXPECT_EQ(Refused("netmap:eth0-9"), "22: eth0: Invalid argument");
    EXPECT_EQ(Refused("netmap:eth0@77"), "22: eth0: Invalid argument");
    EXPECT_EQ(Refused("eth0"), "22: eth0: does not begin with netmap: or valeSWITCH:");
    EXPECT_EQ(Refused("netmap:"), "22: netmap:: missing port name");
    EXPECT_EQ(Refused("netmap:p{"), "22: netmap:p{: missing pipe name");
    EXPECT_EQ(Refused("netmap:p{1}2"), "22: netmap:p{1}2: invalid pipe name '1}2'");
    const std::string longest = "netmap:" + std::string(64, 'a');
    EXPECT_EQ(Refused(longest.c_str()),
              "22: " + longest + ": port name too long, at most 63 characters");
    EXPECT_EQ(Refused("netmap:eth0-"),
              "22: unexpected end of port name, expected the number of a ring");
    EXPECT_EQ(Refused("netmap:eth0-x"),
              "22: unexpected character 'x' in port name, expected the number of a ring");
    EXPECT_EQ(Refused("netmap:eth0-4095"), "22: ring out of range, at most 4094");
    EXPECT_EQ(Refused("netmap:eth0/"),
              "22: unexpected end of port name, expected one of the flags xztrRT");
    EXPECT_EQ(Refused("netmap:eth0*-1"),
              "22: unexpected character '-' in port name, expected a slash, @ or the end");
    EXPECT_EQ(Refused("netmap:eth0@"),
              "22: unexpected end of port name, expected a slash, @ or the end");
    EXPECT_EQ(Refused("netmap:eth0@0"), "22: invalid region, must be between 1 and 65535");
    EXPECT_EQ(Refused("netmap:eth0@2@3"), "22: region 3 asked for, but also region 2");
    EXPECT_EQ(Refused("netmap:eth0@nothing=1"), "22: unknown option 'nothing'");
    EXPECT_EQ(Refused("netmap:eth0@conf=4"), "22: option conf: needs the name of a key");
    EXPECT_EQ(Refused("netmap:eth0@offset=4"), "95: option offset is not enabled");
  });
}

TEST_F(Port, OptionConf) {
  Run([&] {
    nmport_d* d = nmport_prepare(
        "netmap:x@conf:tx-rings=3,rings=2,slots=8,rx_slots=16,host-rings=4,"
        "host-rx-rings=5");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->reg.nr_tx_rings, 3);
    EXPECT_EQ(d->reg.nr_rx_rings, 2);
    EXPECT_EQ(d->reg.nr_tx_slots, 8u);
    EXPECT_EQ(d->reg.nr_rx_slots, 16u);
    EXPECT_EQ(d->reg.nr_host_tx_rings, 4);
    EXPECT_EQ(d->reg.nr_host_rx_rings, 5);
    nmport_undo_prepare(d);
    d = nmport_prepare("netmap:x@conf:rx-rings=3,tx-slots=7,host-tx-rings=6");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->reg.nr_tx_rings, 0);
    EXPECT_EQ(d->reg.nr_rx_rings, 3);
    EXPECT_EQ(d->reg.nr_tx_slots, 7u);
    EXPECT_EQ(d->reg.nr_rx_slots, 0u);
    EXPECT_EQ(d->reg.nr_host_tx_rings, 6);
    EXPECT_EQ(d->reg.nr_host_rx_rings, 0);
    nmport_undo_prepare(d);
  });
}

TEST_F(Port, OptionShare) {
  Run([&] {
    nmport_d* const d = nmport_open("netmap:eth0-0@share=netmap:eth0");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->reg.nr_mem_id, 1);
    nmport_close(d);
    nmport_close(nmport_open("netmap:eth0-0@1@share=netmap:eth0"));
    EXPECT_EQ(Refused("netmap:eth0@2@share=netmap:eth0"),
              "22: option share: region 1, but region 2 was asked for");
    EXPECT_EQ(Refused("netmap:eth0@share=netmap:eth9"),
              "6: cannot ask for the region of eth9: No such device or address");
    EXPECT_EQ(Refused("netmap:eth0@share=netmap:eth0-1"),
              "22: option share: '-1' behind the name of the port");
    EXPECT_EQ(Refused("netmap:eth0@share=eth0"),
              "22: eth0: does not begin with netmap: or valeSWITCH:");
    EXPECT_EQ(Refused("netmap:eth0@share"), "22: option share: needs a value");
  });
}

TEST_F(Port, OptionOffset) {
  Run([&] {
    EXPECT_EQ(nmport_enable_option("nothing"), -1);
    EXPECT_EQ(errno, EOPNOTSUPP);
    nmport_disable_option("nothing");
    EXPECT_EQ(nmport_enable_option("offset"), 0);
    nmport_d* d = nmport_open("netmap:eth0-0@offset:initial=64,bits=16");
    ASSERT_NE(d, nullptr);
    netmap_ring* const ring = NETMAP_TXRING(d->nifp, 0);
    EXPECT_EQ(ring->offset_mask, 0xffffu);
    EXPECT_EQ(NETMAP_ROFFSET(ring, &ring->slot[0]), 64u);
    // A packet that is injected begins at 0, and fills all of its buffer.
    const std::string large(2048, 'x');
    EXPECT_EQ(nmport_inject(d, large.data(), large.size()), 2048);
    EXPECT_EQ(NETMAP_ROFFSET(ring, &ring->slot[0]), 0u);
    nmport_close(d);
    EXPECT_EQ(Refused("netmap:eth0@offset:initial=4096"),
              "22: eth0: option offsets: Invalid argument");
    EXPECT_EQ(Refused("netmap:eth0@offset:bits=4"), "22: option offset: key initial is missing");
    nmport_disable_option("offset");
    EXPECT_EQ(Refused("netmap:eth0@offset=4"), "95: option offset is not enabled");
    // From a program it may always come.
    d = nmport_prepare("netmap:eth0-1");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(nmport_offset(d, 0, 128, 0, 0), 0);
    ASSERT_EQ(nmport_open_desc(d), 0);
    EXPECT_EQ(NETMAP_TXRING(d->nifp, 1)->offset_mask, ~uint64_t{0});
    nmport_close(d);
    d = nmport_prepare("netmap:eth0-1");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(nmport_offset(d, 0, 128, (uint64_t{1} << 32) + 8, 0), 0);
    EXPECT_EQ(nmport_open_desc(d), -1) << "so many bits are not few";
    EXPECT_EQ(context.Message(), "eth0: option offsets: Invalid argument");
    nmport_undo_prepare(d);
  });
}

// A file of `size` bytes that goes with the test.
class File {
 public:
  explicit File(off_t size) {
    const int fd = mkstemp(path_);
    EXPECT_EQ(ftruncate(fd, size), 0);
    close(fd);
  }
  ~File() { unlink(path_); }
  const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/extmem_XXXXXX";
};

TEST_F(Port, ExternalMemoryIsAskedForAndRefused) {
  Run([&] {
    // This kernel has none: what was asked for is seen in the request, and told when it fails.
    alignas(4096) static char memory[4096];
    nmport_d* d = nmport_prepare("netmap:eth0");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(nmport_extmem_getinfo(d), nullptr);
    EXPECT_EQ(nmport_extmem(d, memory, sizeof(memory)), 0);
    EXPECT_EQ(nmport_extmem(d, memory, sizeof(memory)), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(context.Message(), "eth0: external memory given twice");
    ASSERT_EQ(nmport_extmem_getinfo(d), &d->extmem->nro_info);
    EXPECT_EQ(d->extmem->nro_info.nr_memsize, 4096u);
    EXPECT_EQ(d->extmem->nro_usrptr, reinterpret_cast<uintptr_t>(memory));
    EXPECT_EQ(nmreq_find_option(&d->hdr, NETMAP_REQ_OPT_EXTMEM), &d->extmem->nro_opt);
    EXPECT_EQ(nmport_clone(d), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(context.Message(),
              "eth0: cannot clone a port with external memory before it is registered");
    EXPECT_EQ(nmport_register(d), -1);
    EXPECT_EQ(errno, EOPNOTSUPP);
    EXPECT_EQ(context.Message(), "eth0: option extmem: Operation not supported");
    nmport_undo_prepare(d);
    d = nmport_open("netmap:eth0-0");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(nmport_extmem(d, memory, sizeof(memory)), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(context.Message(), "eth0: external memory after registration");
    nmport_close(d);
  });
}

TEST_F(Port, ExternalMemoryOfAFile) {
  Run([&] {
    const File file(3 * 4096);
    const std::string name = std::string("netmap:eth0@extmem:file=") + file.path() +
                             ",if-num=1,if-size=2,ring_num=3,ring-size=4,buf-num=5,buf-size=6";
    nmport_d* const d = nmport_prepare(name.c_str());
    ASSERT_NE(d, nullptr);
    const nmreq_pools_info* const info = nmport_extmem_getinfo(d);
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->nr_memsize, 3 * 4096u);
    EXPECT_EQ(info->nr_if_pool_objtotal, 1u);
    EXPECT_EQ(info->nr_if_pool_objsize, 2u);
    EXPECT_EQ(info->nr_ring_pool_objtotal, 3u);
    EXPECT_EQ(info->nr_ring_pool_objsize, 4u);
    EXPECT_EQ(info->nr_buf_pool_objtotal, 5u);
    EXPECT_EQ(info->nr_buf_pool_objsize, 6u);
    char* const mapped = reinterpret_cast<char*>(d->extmem->nro_usrptr);
    mapped[2 * 4096] = 'm';
    const int fd = open(file.path(), O_RDONLY);
    char byte = 0;
    EXPECT_EQ(pread(fd, &byte, 1, 2 * 4096), 1);
    close(fd);
    EXPECT_EQ(byte, 'm') << "it is the file itself";
    nmport_undo_prepare(d);
    unsigned char in_core;
    EXPECT_EQ(mincore(mapped, 4096, &in_core), -1) << "it is still mapped";

    const std::string twice =
        std::string("netmap:eth0@extmem=") + file.path() + "@extmem=" + file.path();
    EXPECT_EQ(Refused(twice.c_str()), "22: eth0: external memory given twice");
    EXPECT_EQ(Refused("netmap:eth0@extmem=/nowhere"),
              "2: cannot open /nowhere: No such file or directory");
    EXPECT_EQ(Refused("netmap:eth0@extmem:if-num=3"), "22: option extmem: key file is missing");
    const File empty(0);
    EXPECT_EQ(Refused((std::string("netmap:eth0@extmem=") + empty.path()).c_str()),
              std::string("22: cannot map ") + empty.path() + ": Invalid argument");
  });
}

// A request that fails for another reason does not blame options nobody has looked at.
TEST_F(Port, TheReasonIsNotTheOptionThatWasNotReached) {
  Run([&] {
    nmport_d* const d = nmport_prepare("netmap:eth9");
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(nmport_offset(d, 0, 64, 0, 0), 0);
    EXPECT_EQ(nmport_open_desc(d), -1);
    EXPECT_EQ(errno, ENXIO);
    EXPECT_EQ(context.Message(), "eth9: No such device or address");
    nmport_undo_prepare(d);
  });
}

TEST_F(Port, RegionOfAPort) {
  Run([&] {
    const char* name = "netmap:eth0-3";
    EXPECT_EQ(nmreq_get_mem_id(&name, &context), 1);
    EXPECT_STREQ(name, "-3");
    const char* const none = "netmap:eth9";
    name = none;
    EXPECT_EQ(nmreq_get_mem_id(&name, &context), -1);
    EXPECT_EQ(errno, ENXIO);
    EXPECT_EQ(name, none);
    EXPECT_EQ(context.Message(), "cannot ask for the region of eth9: No such device or address");
  });
}

TEST_F(Port, NoMemoryAtAnyAllocation) {
  Run([&] {
    const File file(4096);
    EXPECT_EQ(nmport_enable_option("offset"), 0);
    const std::string names[] = {
        "netmap:eth0-0",
        "netmap:eth0-0@conf:rings=1@offset=4",
        std::string("netmap:eth0-0@extmem=") + file.path(),
    };
    for (const std::string& name : names) {
      int failures = 0;
      for (;; ++failures) {
        context.failing = failures;
        errno = 0;
        nmport_d* const d = nmport_open(name.c_str());
        const int error = errno;
        if (context.failing >= 0 || d != nullptr || error != ENOMEM) {
          nmport_close(d);
          break;
        }
        EXPECT_EQ(context.Message(), "out of memory");
        EXPECT_EQ(context.allocations, 0) << name << " " << failures;
        EXPECT_EQ(context.mem_descs, nullptr);
      }
      EXPECT_GE(failures, 2) << name;
      context.failing = -1;
      context.messages.clear();
    }
    nmport_d* const d = nmport_open("netmap:eth0-0");
    context.failing = 0;
    EXPECT_EQ(nmport_clone(d), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(context.Message(), "out of memory");
    nmport_close(d);
    nmport_disable_option("offset");
  });
}

// The directory of a port with 4 hardware rings and a host ring each way, of which the rings from
// `first` to `last` are bound, in external memory; as a kernel would have left it.
struct Directory {
  Directory(uint32_t tx_first, uint32_t tx_last, uint32_t rx_first, uint32_t rx_last) {
    netmap_if* const nifp = reinterpret_cast<netmap_if*>(memory);
    const uint32_t hardware = 4, host = 1;
    Store(nifp->ni_tx_rings, hardware);
    Store(nifp->ni_rx_rings, hardware);
    Store(nifp->ni_host_tx_rings, host);
    Store(nifp->ni_host_rx_rings, host);
    for (uint32_t i = 0; i < 5; ++i) {
      if (i >= tx_first && i <= tx_last) Store(nifp->ring_ofs[i], ssize_t{1024});
      if (i >= rx_first && i <= rx_last) Store(nifp->ring_ofs[5 + i], ssize_t{2048});
    }
  }
  template <typename T>
  static void Store(const T& field, T value) {
    memcpy(const_cast<T*>(&field), &value, sizeof(value));
  }
  alignas(4096) char memory[4096] = {};
};

TEST(PortWithoutAKernel, TheFirstRunOfRingsIsBound) {
  const struct {
    Directory directory;
    const char* rings;
  } cases[] = {
      {{0, 3, 0, 3}, "0..3 0..3"},  // hardware rings
      {{4, 4, 4, 4}, "4..4 4..4"},  // host rings
      {{0, 4, 0, 4}, "0..4 0..4"},  // both
      {{2, 2, 2, 2}, "2..2 2..2"},  // one
      {{0, 3, 9, 9}, "0..3 5..4"},  // transmit rings
  };
  for (const auto& each : cases) {
    TestContext context;
    nmport_d* const d = nmport_prepare("netmap:x");
    ASSERT_NE(d, nullptr);
    char* const memory = const_cast<char*>(each.directory.memory);
    EXPECT_EQ(nmport_extmem(d, memory, 4096), 0);
    d->register_done = 1;
    ASSERT_EQ(nmport_mmap(d), 0);
    EXPECT_EQ(Rings(*d), each.rings);
    nmport_close(d);
    EXPECT_EQ(context.allocations, 0);
  }
}

TEST(PortWithoutAKernel, ExternalMemoryIsMappedAlready) {
  Directory directory(0, 3, 0, 3);
  TestContext context;
  nmport_d* const d = nmport_prepare("netmap:x");
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(nmport_extmem(d, directory.memory, sizeof(directory.memory)), 0);
  d->register_done = 1;  // as if a kernel had said so
  d->reg.nr_mem_id = 9;
  ASSERT_EQ(nmport_mmap(d), 0);
  EXPECT_EQ(d->mem->mem, directory.memory);
  EXPECT_EQ(d->mem->size, sizeof(directory.memory));
  EXPECT_EQ(d->mem->is_extmem, 1);
  // Ports that name the region by its id share it.
  nmport_d* const copy = nmport_clone(d);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->extmem, nullptr);
  copy->register_done = 1;
  ASSERT_EQ(nmport_mmap(copy), 0);
  EXPECT_EQ(copy->mem, d->mem);
  nmport_close(d);
  EXPECT_EQ(copy->mem->refcount, 1);
  nmport_close(copy);
  EXPECT_EQ(context.allocations, 0);
  EXPECT_EQ(context.mem_descs, nullptr);
  directory.memory[0] = 1;  // nobody has unmapped it
}

TEST(PortWithoutAKernel, SaysThatThereIsNoDevice) {
  if (access("/dev/netmap", F_OK) == 0) GTEST_SKIP() << "there is one";
  TestContext context;
  EXPECT_EQ(nmport_open("netmap:eth0"), nullptr);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(context.Message(), "cannot open /dev/netmap: No such file or directory");
  const char* name = "netmap:eth0";
  EXPECT_EQ(nmreq_get_mem_id(&name, &context), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(context.Message(), "cannot open /dev/netmap: No such file or directory");
  EXPECT_EQ(context.allocations, 0);
}

TEST(PortWithoutAKernel, NothingIsClosed) {
  nmport_close(nullptr);
  nmport_undo_prepare(nullptr);
}

}  // namespace
}  // namespace mapwire::libnetmap
