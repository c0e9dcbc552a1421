// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// QEMU's e1000 as a bed: no guest, the qtest protocol instead of a CPU. MAPWIRE_QEMU names the
// program, MAPWIRE_QEMU_CARD another card of QEMU's. Time stands still but for clock_step; memory
// is a file both sides map.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "testing/conformance/bed.h"

namespace mapwire::conformance {
namespace {

constexpr uint64_t kMemoryBytes = 64 << 20;
// Below it live the BIOS and what it knows; nobody runs it, but let it be.
constexpr uint64_t kFirstByte = 16 << 20;
constexpr uint64_t kBar = 0xE0000000;
constexpr uint32_t kSlot = 3;
constexpr uint8_t kMac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
constexpr int kPatienceMs = 20'000;

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", path.c_str());
  return address;
}

// A socket that QEMU connects to.
int ListenAt(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = AddressOf(path);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, 1) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
  return fd;
}

int AcceptFrom(int listener) {
  pollfd ready{listener, POLLIN, 0};
  if (poll(&ready, 1, kPatienceMs) != 1) {
    std::fprintf(stderr, "QEMU does not connect\n");
    std::exit(1);
  }
  const int fd = accept(listener, nullptr, nullptr);
  close(listener);
  return fd;
}

class Lines {
 public:
  void Take(int fd) { fd_ = fd; }
  void Send(const std::string& line) {
    if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      std::perror("write to QEMU");
      std::exit(1);
    }
  }
  std::string Next() {
    for (;;) {
      const size_t end = read_.find('\n');
      if (end != std::string::npos) {
        std::string line = read_.substr(0, end);
        read_.erase(0, end + 1);
        return line;
      }
      pollfd ready{fd_, POLLIN, 0};
      char bytes[4096];
      const ssize_t got = poll(&ready, 1, kPatienceMs) == 1 ? read(fd_, bytes, sizeof(bytes)) : 0;
      if (got <= 0) {
        std::fprintf(stderr, "QEMU does not answer\n");
        std::exit(1);
      }
      read_.append(bytes, static_cast<size_t>(got));
    }
  }

 private:
  int fd_ = -1;
  std::string read_;
};

class QtestBed final : public Bed {
 public:
  explicit QtestBed(const char* qemu) {
    char folder[] = "/tmp/mapwire-qtest-XXXXXX";
    if (mkdtemp(folder) == nullptr) std::exit(1);
    folder_ = folder;
    const int memory = open((folder_ + "/memory").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ftruncate(memory, kMemoryBytes) != 0) std::exit(1);
    memory_ = static_cast<uint8_t*>(
        mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0));
    close(memory);
    const int qtest = ListenAt(folder_ + "/qtest");
    const int monitor = ListenAt(folder_ + "/monitor");
    line_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const sockaddr_un ours = AddressOf(folder_ + "/ours");
    if (bind(line_, reinterpret_cast<const sockaddr*>(&ours), sizeof(ours)) != 0) std::exit(1);
    Spawn(qemu);
    qtest_.Take(AcceptFrom(qtest));
    monitor_.Take(AcceptFrom(monitor));
    (void)monitor_.Next();  // its greeting
    Monitor("qmp_capabilities", "");
    ProgramBars();
    Run(1000);
  }
  ~QtestBed() override {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    munmap(memory_, kMemoryBytes);
    close(line_);
    for (const char* name : {"/memory", "/qtest", "/monitor", "/ours", "/theirs"}) {
      unlink((folder_ + name).c_str());
    }
    rmdir(folder_.c_str());
  }

  const char* name() const override { return "qemu"; }
  Quirks quirks() const override { return {.no_good_bytes = true}; }
  uint16_t vendor() const override { return 0x8086; }
  uint16_t device() const override { return 0x100E; }
  const uint8_t* mac() const override { return kMac; }
  uint8_t* memory() override { return memory_ + kFirstByte; }
  uint64_t memory_bytes() const override { return kMemoryBytes - kFirstByte; }
  uint64_t device_base() const override { return kFirstByte; }

  void Run(uint64_t microseconds) override {
    Ask("clock_step " + std::to_string(microseconds * 1000) + "\n");
  }
  // The interrupt bit of the PCI status register.
  bool pin() override { return (ReadConfig(0x04) >> 19 & 1) != 0; }
  void SetCarrier(bool carrier) override {
    Monitor("set_link", std::string(R"("name": "nic0", "up": )") + (carrier ? "true" : "false"));
    Run(1'000'000);
  }
  void Arrive(const Bytes& frame) override {
    const sockaddr_un theirs = AddressOf(folder_ + "/theirs");
    if (sendto(line_, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&theirs),
               sizeof(theirs)) != static_cast<ssize_t>(frame.size())) {
      std::perror("a frame to QEMU");
    }
    // QEMU's main loop takes it when it comes round; a question or two make it do so.
    for (int i = 0; i < 20; ++i) {
      usleep(500);
      Run(10);
    }
  }
  std::vector<Bytes> TakeSent() override {
    std::vector<Bytes> sent;
    Bytes frame(65536);
    for (;;) {
      pollfd ready{line_, POLLIN, 0};
      if (poll(&ready, 1, 20) != 1) return sent;
      const ssize_t got = recv(line_, frame.data(), frame.size(), 0);
      if (got <= 0) return sent;
      sent.emplace_back(frame.begin(), frame.begin() + got);
    }
  }
  void SurpriseReset() override {
    Monitor("system_reset", "");
    usleep(100'000);
    ProgramBars();
    Run(1000);
  }
  uint32_t Read32(uint32_t offset) override {
    const std::string answer = Ask("readl " + std::to_string(kBar + offset) + "\n");
    return static_cast<uint32_t>(std::strtoull(answer.c_str() + 3, nullptr, 16));
  }
  void Write32(uint32_t offset, uint32_t value) override {
    Ask("writel " + std::to_string(kBar + offset) + " " + std::to_string(value) + "\n");
  }

 private:
  void Spawn(const char* qemu) {
    const std::string file =
        "memory-backend-file,id=memory,share=on,size=64M,mem-path=" + folder_ + "/memory";
    const std::string netdev = "dgram,id=line,local.type=unix,local.path=" + folder_ +
                               "/theirs,remote.type=unix,remote.path=" + folder_ + "/ours";
    const char* const kind = std::getenv("MAPWIRE_QEMU_CARD");
    const std::string card = std::string(kind == nullptr ? "e1000" : kind) +
                             ",id=nic0,netdev=line,addr=3,mac=52:54:00:12:34:56,romfile=";
    const std::string qtest = "unix:" + folder_ + "/qtest";
    const std::string monitor = "unix:" + folder_ + "/monitor";
    const char* const arguments[] = {
        qemu,       "-accel",     "qtest",         "-machine",    "pc,memory-backend=memory",
        "-m",       "64M",        "-object",       file.c_str(),  "-nodefaults",
        "-display", "none",       "-qtest",        qtest.c_str(), "-qtest-log",
        "none",     "-qmp",       monitor.c_str(), "-netdev",     netdev.c_str(),
        "-device",  card.c_str(), nullptr};
    child_ = fork();
    if (child_ != 0) return;
    execv(qemu, const_cast<char**>(arguments));
    std::perror(qemu);
    _exit(127);
  }
  // What the answer to one request says; lines that QEMU sends by itself are passed over.
  std::string Ask(const std::string& request) {
    qtest_.Send(request);
    for (;;) {
      const std::string line = qtest_.Next();
      if (line.rfind("OK", 0) == 0) return line;
      if (line.rfind("IRQ", 0) == 0) continue;
      std::fprintf(stderr, "QEMU says %s to %s", line.c_str(), request.c_str());
      std::exit(1);
    }
  }
  void Monitor(const std::string& command, const std::string& arguments) {
    monitor_.Send("{\"execute\": \"" + command + "\", \"arguments\": {" + arguments + "}}\n");
    for (;;) {
      const std::string line = monitor_.Next();
      if (line.find("\"event\"") != std::string::npos) continue;
      if (line.find("\"error\"") != std::string::npos) {
        std::fprintf(stderr, "QEMU's monitor: %s\n", line.c_str());
        std::exit(1);
      }
      return;
    }
  }
  void SelectConfig(uint32_t at) {
    Ask("outl 0xcf8 " + std::to_string(0x80000000u | kSlot << 11 | at) + "\n");
  }
  uint32_t ReadConfig(uint32_t at) {
    SelectConfig(at);
    return static_cast<uint32_t>(std::strtoull(Ask("inl 0xcfc\n").c_str() + 3, nullptr, 16));
  }
  void WriteConfig(uint32_t at, uint32_t value) {
    SelectConfig(at);
    Ask("outl 0xcfc " + std::to_string(value) + "\n");
  }
  // What firmware would do: BAR 0, memory accesses and bus mastering.
  void ProgramBars() {
    WriteConfig(0x10, kBar);
    WriteConfig(0x04, 0x06);
  }

  std::string folder_;
  uint8_t* memory_ = nullptr;
  int line_ = -1;
  pid_t child_ = -1;
  Lines qtest_;
  Lines monitor_;
};

}  // namespace

std::unique_ptr<Bed> MakeBed() {
  const char* const qemu = std::getenv("MAPWIRE_QEMU");
  if (qemu == nullptr) {
    std::fprintf(stderr, "MAPWIRE_QEMU does not name qemu-system-x86_64\n");
    return nullptr;
  }
  return std::make_unique<QtestBed>(qemu);
}

}  // namespace mapwire::conformance
