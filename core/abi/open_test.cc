// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// nm_open(), nm_mmap() and nm_close() from end to end, with a device made of a memfd. The linker
// sends the system calls of this program to the wrappers below (--wrap in the BUILD file).
#include <gtest/gtest.h>
#include <stdarg.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/abi/region_for_test.h"

namespace mapwire::abi {
namespace {

// /dev/netmap with one port and one region. Every call can be made to fail.
class FakeDevice {
 public:
  explicit FakeDevice(const Shape& shape) : shape_(shape), size_(Region::SizeFor(shape)) {
    memfd_ = memfd_create("netmap", 0);
    EXPECT_EQ(ftruncate(memfd_, static_cast<off_t>(size_)), 0);
    memory_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, memfd_, 0);
    EXPECT_NE(memory_, MAP_FAILED);
    device = this;
  }
  ~FakeDevice() {
    device = nullptr;
    EXPECT_TRUE(open_fds.empty()) << "a descriptor was left open";
    EXPECT_TRUE(maps.empty()) << "a mapping was left";
    munmap(memory_, size_);
    close(memfd_);
  }
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;

  Region region() const { return Region(shape_, memory_); }
  size_t size() const { return size_; }

  int Open(int flags) {
    opens++;
    open_flags = flags;
    if (fail_open) {
      errno = fail_open;
      return -1;
    }
    const int fd = dup(memfd_);
    open_fds.insert(fd);
    return fd;
  }

  int Register(nmreq* req) {
    registrations++;
    last_request = *req;
    if (fail_register) {
      errno = *fail_register;
      return -1;
    }
    region().Build(req->nr_name);
    netmap_if* nifp = region().nifp();
    const uint32_t tx_entries = shape_.tx + shape_.host_tx;
    for (uint32_t i = 0; i < shape_.rings(); i++) {
      const bool drop =
          i < tx_entries ? req->nr_flags & NR_RX_RINGS_ONLY : req->nr_flags & NR_TX_RINGS_ONLY;
      if (drop) Store(nifp->ring_ofs[i], ssize_t{0});
    }
    req->nr_offset = Region::kInterfaceOffset;
    req->nr_memsize = static_cast<uint32_t>(size_);
    req->nr_tx_slots = req->nr_rx_slots = shape_.slots;
    req->nr_tx_rings = static_cast<uint16_t>(shape_.tx);
    req->nr_rx_rings = static_cast<uint16_t>(shape_.rx);
    if (req->nr_arg2 == 0) req->nr_arg2 = 1;
    return 0;
  }

  static inline FakeDevice* device = nullptr;

  int fail_open = 0;
  std::optional<int> fail_register;
  int fail_mmap = 0;

  int opens = 0;
  int open_flags = 0;
  int registrations = 0;
  nmreq last_request = {};
  std::set<int> open_fds;
  std::map<void*, size_t> maps;

 private:
  Shape shape_;
  size_t size_;
  int memfd_ = -1;
  void* memory_ = nullptr;
};

bool fail_calloc = false;

FakeDevice* DeviceOf(int fd) {
  FakeDevice* device = FakeDevice::device;
  return device != nullptr && device->open_fds.count(fd) != 0 ? device : nullptr;
}

}  // namespace

extern "C" {

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  if (FakeDevice::device != nullptr && strcmp(path, "/dev/netmap") == 0) {
    return FakeDevice::device->Open(flags);
  }
  va_list more;
  va_start(more, flags);
  const int mode = flags & O_CREAT ? va_arg(more, int) : 0;
  va_end(more);
  return __real_open(path, flags, mode);
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list more;
  va_start(more, request);
  void* argument = va_arg(more, void*);
  va_end(more);
  if (FakeDevice* device = DeviceOf(fd)) {
    EXPECT_EQ(request, NIOCREGIF);
    return device->Register(static_cast<nmreq*>(argument));
  }
  return __real_ioctl(fd, request, argument);
}

void* __real_mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset);
void* __wrap_mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  FakeDevice* device = DeviceOf(fd);
  if (device != nullptr && device->fail_mmap) {
    errno = device->fail_mmap;
    return MAP_FAILED;
  }
  void* memory = __real_mmap(address, size, protection, flags, fd, offset);
  if (device != nullptr) {
    EXPECT_EQ(protection, PROT_READ | PROT_WRITE);
    EXPECT_EQ(flags, MAP_SHARED);
    EXPECT_EQ(offset, 0);
    device->maps[memory] = size;
  }
  return memory;
}

int __real_munmap(void* address, size_t size);
int __wrap_munmap(void* address, size_t size) {
  if (FakeDevice::device != nullptr && FakeDevice::device->maps.count(address) != 0) {
    EXPECT_EQ(FakeDevice::device->maps[address], size);
    FakeDevice::device->maps.erase(address);
    errno = EDOM;  // Nobody may rely on errno after a success.
  }
  return __real_munmap(address, size);
}

int __real_close(int fd);
int __wrap_close(int fd) {
  const bool ours = DeviceOf(fd) != nullptr;
  if (ours) FakeDevice::device->open_fds.erase(fd);
  const int result = __real_close(fd);
  if (ours) errno = EDOM;
  return result;
}

void* __real_calloc(size_t count, size_t size);
void* __wrap_calloc(size_t count, size_t size) {
  return fail_calloc ? nullptr : __real_calloc(count, size);
}

}  // extern "C"

namespace {

class OpenTest : public testing::Test {
 protected:
  // Opens, collecting what is printed.
  nm_desc* Open(const char* name, const nmreq* req = nullptr, uint64_t flags = 0,
                const nm_desc* parent = nullptr) {
    testing::internal::CaptureStderr();
    nm_desc* d = nm_open(name, req, flags, parent);
    error_ = errno;
    printed_ = testing::internal::GetCapturedStderr();
    return d;
  }
  bool Printed(const std::string& text) const { return printed_.find(text) != std::string::npos; }
  size_t PrintedLines() const {
    size_t lines = 0;
    for (char c : printed_) lines += c == '\n';
    return lines;
  }

  FakeDevice device_{{.tx = 4, .rx = 3, .slots = 16, .buffer_size = 512}};
  std::string printed_;
  int error_ = 0;
};

TEST_F(OpenTest, WholeCard) {
  nm_desc* d = Open("netmap:eth0");
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(printed_, "");
  EXPECT_EQ(device_.open_flags & O_ACCMODE, O_RDWR);
  const nmreq& sent = device_.last_request;
  EXPECT_STREQ(sent.nr_name, "eth0");
  EXPECT_EQ(sent.nr_version, 14u);
  EXPECT_EQ(sent.nr_flags, unsigned{NR_REG_ALL_NIC});
  EXPECT_EQ(sent.nr_ringid, 0);
  EXPECT_EQ(sent.nr_cmd, 0);
  EXPECT_EQ(sent.nr_arg1, 0);
  EXPECT_EQ(sent.nr_arg2, 0);
  EXPECT_EQ(sent.nr_arg3, 0u);

  EXPECT_TRUE(IS_NETMAP_DESC(d));
  EXPECT_EQ(P2NMD(static_cast<void*>(d)), d);
  EXPECT_EQ(NETMAP_FD(d), *device_.open_fds.begin());
  EXPECT_EQ(d->req.nr_tx_rings, 4);
  EXPECT_EQ(d->first_tx_ring, 0);
  EXPECT_EQ(d->last_tx_ring, 3);
  EXPECT_EQ(d->cur_tx_ring, 0);
  EXPECT_EQ(d->first_rx_ring, 0);
  EXPECT_EQ(d->last_rx_ring, 2);
  EXPECT_EQ(d->cur_rx_ring, 0);

  EXPECT_EQ(d->done_mmap, 1);
  EXPECT_EQ(d->memsize, device_.size());
  const Region seen({.tx = 4, .rx = 3, .slots = 16, .buffer_size = 512}, d->mem);
  EXPECT_EQ(d->nifp, seen.nifp());
  EXPECT_STREQ(d->nifp->ni_name, "eth0");
  EXPECT_EQ(d->some_ring, seen.rx(0));
  EXPECT_EQ(d->buf_start, seen.buffer(0));
  EXPECT_EQ(d->buf_end, static_cast<char*>(d->mem) + device_.size());
  EXPECT_EQ(nm_close(d), 0);
}

TEST_F(OpenTest, PacketsTravelThroughTheMapping) {
  nm_desc* d = Open("netmap:eth0");
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(nm_inject(d, "ping", 4), 4);
  const Region kernel = device_.region();
  EXPECT_EQ(kernel.tx(0)->head, 1u);
  EXPECT_EQ(memcmp(kernel.buffer(kernel.tx(0)->slot[0].buf_idx), "ping", 4), 0);
  device_.region().Receive(kernel.rx(1), "pong");
  nm_pkthdr hdr;
  u_char* data = nm_nextpkt(d, &hdr);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(memcmp(data, "pong", 4), 0);
  EXPECT_GE(static_cast<void*>(data), d->buf_start);
  EXPECT_LT(static_cast<void*>(data), d->buf_end);
  EXPECT_EQ(kernel.rx(1)->head, 1u);
  EXPECT_EQ(nm_close(d), 0);
}

struct Interval {
  const char* name;
  int first_tx, last_tx, first_rx, last_rx;
};

TEST_F(OpenTest, RingsOfEachMode) {
  const Interval kCases[] = {
      {"netmap:eth0", 0, 3, 0, 2},   {"netmap:eth0^", 4, 4, 3, 3},  {"netmap:eth0*", 0, 4, 0, 3},
      {"netmap:eth0-2", 2, 2, 2, 2}, {"netmap:eth0{7", 0, 0, 0, 0}, {"netmap:eth0}7", 0, 0, 0, 0},
      {"vale0:a", 0, 3, 0, 2},       {"vale0:a-1", 1, 1, 1, 1},
  };
  for (const Interval& expected : kCases) {
    SCOPED_TRACE(expected.name);
    nm_desc* d = Open(expected.name);
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->first_tx_ring, expected.first_tx);
    EXPECT_EQ(d->last_tx_ring, expected.last_tx);
    EXPECT_EQ(d->cur_tx_ring, expected.first_tx);
    EXPECT_EQ(d->first_rx_ring, expected.first_rx);
    EXPECT_EQ(d->last_rx_ring, expected.last_rx);
    EXPECT_EQ(d->cur_rx_ring, expected.first_rx);
    EXPECT_EQ(d->some_ring, NETMAP_RXRING(d->nifp, expected.first_rx));
    EXPECT_EQ(nm_close(d), 0);
  }
}

TEST_F(OpenTest, SomeRingIsATxRingIfThereIsNoRxRing) {
  nm_desc* d = Open("netmap:eth0-1/T");
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->some_ring, NETMAP_TXRING(d->nifp, 1));
  EXPECT_EQ(d->some_ring->dir, 1);
  EXPECT_EQ(nm_close(d), 0);
}

TEST_F(OpenTest, RequestGivesInitialValues) {
  nmreq req = {};
  strcpy(req.nr_name, "ignored");
  req.nr_version = 3;
  req.nr_tx_slots = 100;
  req.nr_rx_rings = 9;
  req.nr_ringid = NETMAP_SW_RING | 1;  // Bits above the ring number do not get through.
  req.nr_flags = NR_ACCEPT_VNET_HDR;
  req.nr_arg1 = 5;
  req.nr_arg2 = 6;
  req.nr_arg3 = 7;
  const nmreq given = req;
  nm_desc* d = Open("netmap:eth0-2/x", &req);
  ASSERT_NE(d, nullptr);
  const nmreq& sent = device_.last_request;
  EXPECT_STREQ(sent.nr_name, "eth0");
  EXPECT_EQ(sent.nr_version, 14u);
  EXPECT_EQ(sent.nr_tx_slots, 100u);
  EXPECT_EQ(sent.nr_rx_rings, 9);
  EXPECT_EQ(sent.nr_ringid, 3);
  EXPECT_EQ(sent.nr_flags, NR_ACCEPT_VNET_HDR | NR_EXCLUSIVE | NR_REG_ONE_NIC);
  EXPECT_EQ(sent.nr_arg1, 5);
  EXPECT_EQ(sent.nr_arg2, 6);
  EXPECT_EQ(sent.nr_arg3, 7u);
  EXPECT_EQ(memcmp(&req, &given, sizeof(req)), 0) << "the caller's request was written";
  EXPECT_EQ(nm_close(d), 0);
}

TEST_F(OpenTest, PollFlagsGoToTheRingId) {
  nm_desc* d = Open("netmap:eth0-3", nullptr, NETMAP_NO_TX_POLL);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(device_.last_request.nr_ringid, NETMAP_NO_TX_POLL | 3);
  EXPECT_EQ(d->first_tx_ring, 3) << "the flag is no part of the ring number";
  EXPECT_EQ(nm_close(d), 0);
  d = Open("netmap:eth0", nullptr, NETMAP_DO_RX_POLL | NM_OPEN_NO_MMAP | NETMAP_SW_RING);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(device_.last_request.nr_ringid, NETMAP_DO_RX_POLL);
  EXPECT_EQ(nm_close(d), 0);
}

// --- Without a mapping ---

TEST_F(OpenTest, NoMapUntilAskedFor) {
  nm_desc* d = Open("netmap:eth0", nullptr, NM_OPEN_NO_MMAP);
  ASSERT_NE(d, nullptr);
  EXPECT_TRUE(device_.maps.empty());
  EXPECT_EQ(d->mem, nullptr);
  EXPECT_EQ(d->nifp, nullptr);
  EXPECT_EQ(d->done_mmap, 0);
  EXPECT_EQ(d->last_tx_ring, 3);
  EXPECT_EQ(nm_mmap(d, nullptr), 0);
  EXPECT_EQ(device_.maps.size(), 1u);
  EXPECT_NE(d->nifp, nullptr);
  EXPECT_EQ(nm_mmap(d, nullptr), 0) << "a second time is no error";
  EXPECT_EQ(device_.maps.size(), 1u) << "and does nothing";
  EXPECT_EQ(nm_close(d), 0);
}

TEST_F(OpenTest, MapFailsWithoutADescriptor) {
  EXPECT_EQ(nm_mmap(nullptr, nullptr), EINVAL);
  nm_desc* d = Open("netmap:eth0", nullptr, NM_OPEN_NO_MMAP);
  ASSERT_NE(d, nullptr);
  device_.fail_mmap = ENOMEM;
  EXPECT_EQ(nm_mmap(d, nullptr), EINVAL);
  EXPECT_EQ(d->mem, nullptr);
  device_.fail_mmap = 0;
  EXPECT_EQ(nm_mmap(d, nullptr), 0) << "can be tried again";
  EXPECT_EQ(nm_close(d), 0);
}

// --- With a parent ---

class ParentTest : public OpenTest {
 protected:
  void SetUp() override {
    nmreq req = {};
    req.nr_tx_slots = 1;
    req.nr_arg1 = 21;
    req.nr_arg3 = 23;
    parent_ = Open("netmap:eth0-1/x", &req);
    ASSERT_NE(parent_, nullptr);
  }
  void TearDown() override {
    EXPECT_EQ(nm_close(child_), child_ != nullptr ? 0 : EINVAL);
    EXPECT_EQ(nm_close(parent_), 0);
  }
  const nmreq& Sent(const char* name, uint64_t flags, const nmreq* req = nullptr) {
    child_ = Open(name, req, flags, parent_);
    EXPECT_NE(child_, nullptr);
    return device_.last_request;
  }

  nm_desc* parent_ = nullptr;
  nm_desc* child_ = nullptr;
};

TEST_F(ParentTest, MappingIsShared) {
  Sent("netmap:eth0", 0);
  EXPECT_EQ(child_->mem, parent_->mem);
  EXPECT_EQ(child_->memsize, parent_->memsize);
  EXPECT_EQ(child_->done_mmap, 0);
  EXPECT_EQ(device_.maps.size(), 1u);
  EXPECT_EQ(child_->nifp, NETMAP_IF(parent_->mem, child_->req.nr_offset));
  EXPECT_EQ(nm_close(child_), 0);
  child_ = nullptr;
  EXPECT_EQ(device_.maps.size(), 1u) << "the parent still needs it";
}

TEST_F(ParentTest, OtherRegionIsMappedByItself) {
  Sent("netmap:eth0@2", 0);
  EXPECT_NE(child_->mem, parent_->mem);
  EXPECT_EQ(child_->done_mmap, 1);
  EXPECT_EQ(device_.maps.size(), 2u);
}

TEST_F(ParentTest, ParentOverridesNoMap) {
  Sent("netmap:eth0", NM_OPEN_NO_MMAP);
  EXPECT_EQ(child_->mem, parent_->mem);
  EXPECT_NE(child_->nifp, nullptr);
}

TEST_F(ParentTest, ParentWithoutMemoryGivesNone) {
  nm_desc* empty = Open("netmap:eth0", nullptr, NM_OPEN_NO_MMAP);
  ASSERT_NE(empty, nullptr);
  child_ = Open("netmap:eth0", nullptr, 0, empty);
  ASSERT_NE(child_, nullptr);
  EXPECT_EQ(child_->done_mmap, 1);
  EXPECT_EQ(nm_close(empty), 0);
}

TEST_F(ParentTest, NothingIsInheritedWithoutFlags) {
  nmreq req = {};
  req.nr_arg1 = 1;
  req.nr_arg3 = 3;
  const nmreq& sent = Sent("netmap:eth0", 0, &req);
  EXPECT_EQ(sent.nr_arg1, 1);
  EXPECT_EQ(sent.nr_arg2, 0);
  EXPECT_EQ(sent.nr_arg3, 3u);
  EXPECT_EQ(printed_, "");
}

TEST_F(ParentTest, AnyFlagSetsTheDefaults) {
  nmreq req = {};
  req.nr_arg1 = 1;
  req.nr_arg2 = 1;
  req.nr_arg3 = 3;
  req.nr_tx_slots = 77;
  const nmreq& sent = Sent("netmap:eth0", NM_OPEN_NO_MMAP, &req);
  EXPECT_EQ(sent.nr_arg1, 4);
  EXPECT_EQ(sent.nr_arg2, 1);
  EXPECT_EQ(sent.nr_arg3, 0u);
  EXPECT_EQ(sent.nr_tx_slots, 77u);
  EXPECT_EQ(printed_, "");
}

TEST_F(ParentTest, Arg1IsInherited) {
  const nmreq& sent = Sent("netmap:eth0", NM_OPEN_ARG1);
  EXPECT_EQ(sent.nr_arg1, 21);
  EXPECT_EQ(sent.nr_arg3, 0u);
  EXPECT_EQ(PrintedLines(), 1u);
}

TEST_F(ParentTest, Arg2IsInherited) {
  const nmreq& sent = Sent("netmap:eth0@9", NM_OPEN_ARG2);
  EXPECT_EQ(sent.nr_arg2, 1);
  EXPECT_EQ(child_->mem, parent_->mem);
  EXPECT_EQ(PrintedLines(), 1u);
}

TEST_F(ParentTest, Arg3IsInherited) {
  const nmreq& sent = Sent("netmap:eth0", NM_OPEN_ARG3);
  EXPECT_EQ(sent.nr_arg3, 23u);
  EXPECT_EQ(sent.nr_arg1, 4);
  EXPECT_EQ(PrintedLines(), 1u);
}

TEST_F(ParentTest, RingConfigurationIsInherited) {
  const nmreq& sent = Sent("netmap:eth0", NM_OPEN_RING_CFG);
  EXPECT_EQ(sent.nr_tx_slots, 16u);
  EXPECT_EQ(sent.nr_rx_slots, 16u);
  EXPECT_EQ(sent.nr_tx_rings, 4);
  EXPECT_EQ(sent.nr_rx_rings, 3);
  EXPECT_EQ(PrintedLines(), 1u);
}

TEST_F(ParentTest, NameRingAndFlagsAreInherited) {
  // The name is not even parsed; but it must look like one of netmap.
  const nmreq& sent = Sent("netmap:eth9-bad/flags", NM_OPEN_IFNAME | NETMAP_NO_TX_POLL);
  EXPECT_STREQ(sent.nr_name, "eth0");
  EXPECT_EQ(sent.nr_flags, unsigned{NR_REG_ONE_NIC | NR_EXCLUSIVE});
  EXPECT_EQ(sent.nr_ringid, NETMAP_NO_TX_POLL | 1);
  EXPECT_EQ(child_->first_tx_ring, 1);
  EXPECT_EQ(PrintedLines(), 1u);
}

TEST_F(ParentTest, AllAtOnce) {
  Sent("vale0:x", NM_OPEN_IFNAME | NM_OPEN_ARG1 | NM_OPEN_ARG2 | NM_OPEN_ARG3 | NM_OPEN_RING_CFG);
  EXPECT_EQ(PrintedLines(), 5u);
}

TEST_F(ParentTest, DeadParentCountsAsNone) {
  nm_desc* dead = static_cast<nm_desc*>(calloc(1, sizeof(nm_desc)));
  child_ = Open("netmap:eth0", nullptr, NM_OPEN_ARG1 | NM_OPEN_NO_MMAP, dead);
  ASSERT_NE(child_, nullptr);
  EXPECT_EQ(device_.last_request.nr_arg1, 0);
  EXPECT_EQ(child_->mem, nullptr);
  free(dead);
}

TEST_F(OpenTest, NameInTheRequestIsUsedWithoutParent) {
  nmreq req = {};
  strcpy(req.nr_name, "eth7");
  req.nr_flags = NR_REG_SW;
  nm_desc* d = Open("netmap:not-parsed", &req, NM_OPEN_IFNAME);
  ASSERT_NE(d, nullptr);
  EXPECT_STREQ(device_.last_request.nr_name, "eth7");
  EXPECT_EQ(d->first_tx_ring, 4);
  EXPECT_EQ(nm_close(d), 0);
}

// --- Failures: NULL, errno, a reason on stderr, and nothing left behind ---

TEST_F(OpenTest, NameOfSomebodyElseIsNoError) {
  for (const char* name : {"eth0", "", "netmap", "pcap:eth0", "val0:a"}) {
    EXPECT_EQ(Open(name), nullptr);
    EXPECT_EQ(error_, 0);
    EXPECT_EQ(printed_, "");
  }
  EXPECT_EQ(Open("eth0", nullptr, NM_OPEN_IFNAME), nullptr);
  EXPECT_EQ(error_, 0);
  EXPECT_EQ(device_.opens, 0);
}

TEST_F(OpenTest, NoMemory) {
  errno = 0;
  fail_calloc = true;
  nm_desc* d = nm_open("netmap:eth0", nullptr, 0, nullptr);
  const int error = errno;
  fail_calloc = false;
  EXPECT_EQ(d, nullptr);
  EXPECT_EQ(error, ENOMEM);
  EXPECT_EQ(device_.opens, 0);
}

TEST_F(OpenTest, NoDevice) {
  device_.fail_open = ENOENT;
  EXPECT_EQ(Open("netmap:eth0"), nullptr);
  EXPECT_EQ(error_, ENOENT);
  EXPECT_TRUE(Printed("/dev/netmap")) << printed_;
  EXPECT_EQ(device_.registrations, 0);
}

TEST_F(OpenTest, BadName) {
  EXPECT_EQ(Open("netmap:eth0/q"), nullptr);
  EXPECT_EQ(error_, EINVAL);
  EXPECT_TRUE(Printed("unrecognized flag: 'q'")) << printed_;
  EXPECT_EQ(device_.registrations, 0);
  EXPECT_EQ(Open("vale0"), nullptr);
  EXPECT_EQ(error_, EINVAL);
  EXPECT_TRUE(Printed("missing ':' in vale name")) << printed_;
}

TEST_F(OpenTest, RegistrationRefused) {
  device_.fail_register = ENXIO;
  EXPECT_EQ(Open("netmap:eth0"), nullptr);
  EXPECT_EQ(error_, ENXIO) << "closing must not lose it";
  EXPECT_TRUE(Printed(strerror(ENXIO))) << printed_;
  EXPECT_TRUE(device_.maps.empty());
}

TEST_F(OpenTest, FailureWithoutErrnoIsInvalid) {
  device_.fail_register = 0;
  EXPECT_EQ(Open("netmap:eth0"), nullptr);
  EXPECT_EQ(error_, EINVAL);
}

TEST_F(OpenTest, MappingRefused) {
  device_.fail_mmap = EPERM;
  EXPECT_EQ(Open("netmap:eth0"), nullptr);
  EXPECT_EQ(error_, EPERM);
  EXPECT_TRUE(Printed("mmap")) << printed_;
}

TEST_F(OpenTest, CloseRefusesWhatIsNoDescriptor) {
  EXPECT_EQ(nm_close(nullptr), EINVAL);
  nm_desc* d = static_cast<nm_desc*>(calloc(1, sizeof(nm_desc)));
  EXPECT_EQ(nm_close(d), EINVAL);
  d->self = reinterpret_cast<nm_desc*>(d + 1);
  EXPECT_EQ(nm_close(d), EINVAL);
  free(d);
}

TEST_F(OpenTest, CloseUnmapsAndCloses) {
  nm_desc* d = Open("netmap:eth0");
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(nm_close(d), 0);
  EXPECT_TRUE(device_.open_fds.empty());
  EXPECT_TRUE(device_.maps.empty());
}

}  // namespace
}  // namespace mapwire::abi
