// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A queue of bounded length that allocates once.
#ifndef SIM_NIC_IXGBE_FIFO_H_
#define SIM_NIC_IXGBE_FIFO_H_

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace mapwire::sim::nic82599 {

template <typename T>
class Fifo {
 public:
  explicit Fifo(uint32_t capacity)
      : items_(std::bit_ceil(capacity)), mask_(std::bit_ceil(capacity) - 1) {}

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == items_.size(); }
  uint32_t count() const { return count_; }
  T& front() { return items_[first_]; }
  // Neither call checks: push needs !full(), pop needs !empty().
  void push(T item) { items_[(first_ + count_++) & mask_] = std::move(item); }
  T pop() {
    T item = std::move(items_[first_]);
    first_ = (first_ + 1) & mask_;
    --count_;
    return item;
  }

 private:
  std::vector<T> items_;
  uint32_t mask_;
  uint32_t first_ = 0;
  uint32_t count_ = 0;
};

// A set of queue numbers 0..127.
class QueueSet {
 public:
  bool empty() const { return (words_[0] | words_[1]) == 0; }
  bool contains(uint32_t q) const { return (words_[q / 64] >> (q % 64) & 1) != 0; }
  void insert(uint32_t q) { words_[q / 64] |= uint64_t{1} << (q % 64); }
  void erase(uint32_t q) { words_[q / 64] &= ~(uint64_t{1} << (q % 64)); }
  void clear() { words_[0] = words_[1] = 0; }
  // The first member at or after `from`, going round. The set must not be empty.
  uint32_t next(uint32_t from) const {
    const uint32_t word = from / 64;
    const uint64_t rest = words_[word] & (~uint64_t{0} << (from % 64));
    if (rest != 0) return word * 64 + static_cast<uint32_t>(std::countr_zero(rest));
    const uint32_t other = word ^ 1;
    if (words_[other] != 0) {
      return other * 64 + static_cast<uint32_t>(std::countr_zero(words_[other]));
    }
    return word * 64 + static_cast<uint32_t>(std::countr_zero(words_[word]));
  }

 private:
  uint64_t words_[2] = {0, 0};
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_FIFO_H_
