#include "sim/memory/page_source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "core/platform/check.h"
#include "sim/platform/sim/platform_backend/hooks.h"

namespace mapwire::sim {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kLargestHalf = uint64_t{64} << 30;
constexpr uint64_t kSmallestHalf = uint64_t{1} << 30;

char* MapNothing(void* at, uint64_t bytes, int fixed) {
  void* const mapped =
      mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
  return mapped == MAP_FAILED ? nullptr : static_cast<char*>(mapped);
}

// The reservation, and which ranges of a half are taken. Never given back.
class Window {
 public:
  static Window& Get() {
    static Window* const window = new Window;
    return *window;
  }

  // A free range of the real half, lowest first, or null.
  char* Take(uint64_t bytes) {
    const std::lock_guard<std::mutex> guard(mutex_);
    uint64_t at = 0;
    for (const auto& [start, length] : taken_) {
      if (start - at >= bytes) break;
      at = start + length;
    }
    if (bytes > half_ - at) return nullptr;
    taken_.emplace(at, bytes);
    return base_ + at;
  }

  void GiveBack(char* real) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto range = taken_.find(static_cast<uint64_t>(real - base_));
    MW_CHECK(range != taken_.end());
    MW_CHECK(MapNothing(real, range->second, MAP_FIXED) == real);
    taken_.erase(range);
  }

  char* AliasOf(char* real) const { return real + half_; }

  // Mappings that were given up by sources that recycle.
  struct Spare {
    int memfd;
    char* real;
    uint64_t bytes;
  };
  bool TakeSpare(uint64_t bytes, Spare& spare) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = std::find_if(spares_.begin(), spares_.end(),
                                    [&](const Spare& other) { return other.bytes == bytes; });
    if (found == spares_.end()) return false;
    spare = *found;
    spares_.erase(found);
    return true;
  }
  void KeepSpare(const Spare& spare) {
    const std::lock_guard<std::mutex> guard(mutex_);
    spares_.push_back(spare);
  }

 private:
  Window() {
    for (half_ = kLargestHalf; base_ == nullptr; half_ /= 2) {
      MW_CHECK(half_ >= kSmallestHalf);
      base_ = MapNothing(nullptr, 2 * half_, 0);
      if (base_ != nullptr) break;
    }
    platform::g_untrusted_shift = static_cast<ptrdiff_t>(half_);
  }

  char* base_ = nullptr;
  uint64_t half_ = 0;
  std::mutex mutex_;
  std::map<uint64_t, uint64_t> taken_;  // bytes of each range by its start
  std::vector<Spare> spares_;
};

}  // namespace

class PageSource::Space final : public platform::PageSpace {
 public:
  Space(PageSource& source, int memfd, char* real, uint64_t bytes)
      : source_(source), memfd_(memfd), real_(real), committed_(bytes / kPageBytes) {}

  ~Space() {
    MW_CHECK(committed_pages_ == 0);
    if (source_.recycles) {
      Window::Get().KeepSpare({memfd_, real_, bytes()});
      return;
    }
    Window::Get().GiveBack(real_);
    close(memfd_);
  }

  Result<void*> Commit(uint64_t offset, uint64_t bytes) override {
    CheckRange(offset, bytes, false);
    if (source_.Fails()) return Errno::kNoMemory;
    // A program that maps the memfd may have touched what was not there.
    Clear(offset, bytes);
    Mark(offset, bytes, true);
    return static_cast<void*>(Window::Get().AliasOf(real_) + offset);
  }

  void Release(uint64_t offset, uint64_t bytes) override {
    CheckRange(offset, bytes, true);
    Mark(offset, bytes, false);
    Clear(offset, bytes);
  }

  int memfd() const { return memfd_; }
  char* real() const { return real_; }
  uint64_t bytes() const { return committed_.size() * kPageBytes; }
  bool IsCommitted(uint64_t offset) const {
    return offset < bytes() && committed_[offset / kPageBytes];
  }

 private:
  void CheckRange(uint64_t offset, uint64_t bytes, bool committed) const {
    MW_CHECK(bytes > 0 && offset % kPageBytes == 0 && bytes % kPageBytes == 0);
    MW_CHECK(bytes <= this->bytes() && offset <= this->bytes() - bytes);
    for (uint64_t at = offset; at < offset + bytes; at += kPageBytes) {
      MW_CHECK(IsCommitted(at) == committed);
    }
  }

  void Clear(uint64_t offset, uint64_t bytes) {
    if (source_.recycles) {
      std::memset(real_ + offset, 0, bytes);
      return;
    }
    MW_CHECK(fallocate(memfd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0);
  }

  void Mark(uint64_t offset, uint64_t bytes, bool committed) {
    for (uint64_t at = offset; at < offset + bytes; at += kPageBytes) {
      committed_[at / kPageBytes] = committed;
    }
    if (committed) {
      committed_pages_ += bytes / kPageBytes;
      source_.committed_bytes_ += bytes;
    } else {
      committed_pages_ -= bytes / kPageBytes;
      source_.committed_bytes_ -= bytes;
    }
  }

  PageSource& source_;
  const int memfd_;
  char* const real_;
  std::vector<bool> committed_;  // by page
  uint64_t committed_pages_ = 0;
};

PageSource::~PageSource() { MW_CHECK(live_spaces_ == 0); }

platform::PageSpace* PageSource::Create(uint64_t bytes) {
  MW_CHECK(bytes > 0 && bytes % kPageBytes == 0);
  if (Fails()) return nullptr;
  Window::Spare spare{};
  if (recycles && Window::Get().TakeSpare(bytes, spare)) {
    ++live_spaces_;
    return new Space(*this, spare.memfd, spare.real, bytes);
  }
  char* const real = Window::Get().Take(bytes);
  if (real == nullptr) return nullptr;
  // Sealed: a program that is given the descriptor cannot take pages from under core.
  const int memfd = memfd_create("mapwire-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const bool mapped =
      memfd >= 0 && ftruncate(memfd, static_cast<off_t>(bytes)) == 0 &&
      fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0 &&
      mmap(real, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, 0) == real;
  if (!mapped) {
    Window::Get().GiveBack(real);
    if (memfd >= 0) close(memfd);
    return nullptr;
  }
  ++live_spaces_;
  return new Space(*this, memfd, real, bytes);
}

void PageSource::Destroy(platform::PageSpace* space) {
  delete static_cast<Space*>(space);
  --live_spaces_;
}

int PageSource::memfd(const platform::PageSpace* space) {
  return static_cast<const Space*>(space)->memfd();
}

uint64_t PageSource::bytes(const platform::PageSpace* space) {
  return static_cast<const Space*>(space)->bytes();
}

bool PageSource::IsCommitted(const platform::PageSpace* space, uint64_t offset) {
  return static_cast<const Space*>(space)->IsCommitted(offset);
}

void* PageSource::RealBase(const platform::PageSpace* space) {
  return static_cast<const Space*>(space)->real();
}

}  // namespace mapwire::sim
