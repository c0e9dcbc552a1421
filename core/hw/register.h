// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Registers as types: a register has a place, an access kind and fields; a value is a snapshot.
//
//   struct Ctrl : hw::Register<"CTRL", 0x00000, hw::Access::kReadWrite> {
//     using Lrst = hw::Field<"LRST", 3, 3>;
//     using Rst = hw::Field<"RST", 26, 26>;
//     using Fields = hw::FieldList<Lrst, Rst>;
//   };
//   auto ctrl = hw::Read<Ctrl>(mmio);
//   hw::Write(mmio, ctrl.With<Ctrl::Rst>(1));
//
// Fields are written high:low as the manuals do. Layout mistakes (a field wider than the register,
// two fields that overlap, an unaligned offset, an array whose elements overlap) do not compile.
#ifndef CORE_HW_REGISTER_H_
#define CORE_HW_REGISTER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace mapwire::hw {

// A string literal as a template argument.
template <size_t N>
struct FixedString {
  char text[N] = {};
  constexpr FixedString(const char (&literal)[N]) {  // NOLINT: implicit by design
    for (size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

// What an access does, beyond storing and returning bits.
enum class Access : uint8_t {
  kReadWrite,
  kReadOnly,       // writes are ignored
  kWriteOnly,      // reads are meaningless
  kWriteOneClear,  // writing 1 clears a bit
  kReadClear,      // reading clears: a statistics counter
};

// Bits High..Low of a register, High >= Low.
template <FixedString Name, unsigned High, unsigned Low>
struct Field {
  static_assert(High >= Low, "write fields as high, low");
  static_assert(High < 32, "a field must fit its 32-bit register");
  static constexpr std::string_view kName = Name.view();
  static constexpr unsigned kHigh = High;
  static constexpr unsigned kLow = Low;
  static constexpr uint32_t kMax = static_cast<uint32_t>((uint64_t{1} << (High - Low + 1)) - 1);
  static constexpr uint32_t kMask = kMax << Low;
};

template <typename... F>
struct FieldList {
  static constexpr size_t kCount = sizeof...(F);
  static constexpr uint32_t kMask = (uint32_t{0} | ... | F::kMask);

  template <typename Wanted>
  static constexpr bool Contains() {
    return (false || ... || std::is_same_v<F, Wanted>);
  }
  // True if no bit belongs to two fields.
  static constexpr bool Disjoint() {
    [[maybe_unused]] uint32_t seen = 0;
    bool disjoint = true;
    ((disjoint = disjoint && (seen & F::kMask) == 0, seen |= F::kMask), ...);
    return disjoint;
  }
  // Calls visit(name, high, low) for each field, in declaration order.
  template <typename Visitor>
  static constexpr void ForEach(Visitor&& visit) {
    (visit(F::kName, F::kHigh, F::kLow), ...);
  }
};

// A 32-bit register, or an array of Count of them, Stride bytes apart, at Offset in its BAR.
template <FixedString Name, uint32_t Offset, Access Kind, uint32_t Count = 1, uint32_t Stride = 0>
struct Register {
  static_assert(Offset % 4 == 0, "registers are naturally aligned");
  static_assert(Count >= 1);
  static_assert(Count == 1 || (Stride >= 4 && Stride % 4 == 0), "array elements would overlap");
  static constexpr std::string_view kName = Name.view();
  static constexpr uint32_t kOffset = Offset;
  static constexpr Access kAccess = Kind;
  static constexpr uint32_t kCount = Count;
  static constexpr uint32_t kStride = Stride;
  using Fields = FieldList<>;  // hidden by a register that has named fields

  // Byte offset of element `index` (0 for a single register).
  static constexpr uint32_t At(uint32_t index = 0) { return Offset + index * Stride; }
};

// A snapshot of register R. Changing it changes nothing in the device until it is written.
template <typename R>
class Value {
 public:
  static_assert(R::Fields::Disjoint(), "two fields of this register overlap");

  constexpr Value() = default;
  constexpr explicit Value(uint32_t raw) : raw_(raw) {}

  constexpr uint32_t raw() const { return raw_; }

  template <typename F>
  constexpr uint32_t Get() const {
    static_assert(R::Fields::template Contains<F>(), "not a field of this register");
    return (raw_ & F::kMask) >> F::kLow;
  }

  // This value with field F replaced; bits of `value` beyond the field are cut off.
  template <typename F>
  [[nodiscard]] constexpr Value With(uint32_t value) const {
    static_assert(R::Fields::template Contains<F>(), "not a field of this register");
    return Value((raw_ & ~F::kMask) | ((value & F::kMax) << F::kLow));
  }

  friend constexpr bool operator==(Value, Value) = default;

 private:
  uint32_t raw_ = 0;
};

// Access through anything with Read32(offset) and Write32(offset, value).
template <typename R, typename Mmio>
inline Value<R> Read(Mmio& mmio, uint32_t index = 0) {
  return Value<R>(mmio.Read32(R::At(index)));
}

template <typename R, typename Mmio>
inline void Write(Mmio& mmio, Value<R> value, uint32_t index = 0) {
  mmio.Write32(R::At(index), value.raw());
}

// Read, change, write back: `change` maps a Value to a Value.
template <typename R, typename Mmio, typename Change>
inline void Modify(Mmio& mmio, Change&& change, uint32_t index = 0) {
  Write<R>(mmio, change(Read<R>(mmio, index)), index);
}

// A row of a register table, for models and for comparison with published tables.
struct RegisterRow {
  std::string_view name;
  uint32_t offset;
  uint32_t count;
  uint32_t stride;
  Access access;
  uint32_t field_mask;
};

template <typename... R>
struct RegisterList {
  static constexpr size_t kCount = sizeof...(R);
  static constexpr RegisterRow kRows[kCount] = {
      {R::kName, R::kOffset, R::kCount, R::kStride, R::kAccess, R::Fields::kMask}...};

  // Calls visit.template operator()<Register>() for each register.
  // (An array, not a fold: compilers limit how deep a fold may nest, and lists are long.)
  template <typename Visitor>
  static constexpr void ForEach(Visitor&& visit) {
    [[maybe_unused]] const int order[] = {(visit.template operator()<R>(), 0)...};
  }

  // True if no address belongs to two registers.
  static constexpr bool Disjoint() {
    for (size_t i = 0; i < kCount; ++i) {
      for (size_t j = i + 1; j < kCount; ++j) {
        if (Overlap(kRows[i], kRows[j])) return false;
      }
    }
    return true;
  }

 private:
  static constexpr bool Overlap(const RegisterRow& a, const RegisterRow& b) {
    const uint32_t a_end = a.offset + (a.count - 1) * a.stride;
    const uint32_t b_end = b.offset + (b.count - 1) * b.stride;
    if (a_end < b.offset || b_end < a.offset) return false;
    for (uint32_t i = 0; i < a.count; ++i) {
      const uint32_t address = a.offset + i * a.stride;
      if (address < b.offset || address > b_end) continue;
      if (b.stride == 0 ? address == b.offset : (address - b.offset) % b.stride == 0) return true;
    }
    return false;
  }
};

}  // namespace mapwire::hw

#endif  // CORE_HW_REGISTER_H_
