// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Status and Result: how core functions fail. An error is the errno a program will see.
#ifndef CORE_BASE_STATUS_H_
#define CORE_BASE_STATUS_H_

#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace mapwire {

// Linux errno values; the ABI promises these numbers to programs.
enum class Errno : int32_t {
  kOk = 0,
  kNoEntry = 2,          // ENOENT
  kInterrupted = 4,      // EINTR
  kIo = 5,               // EIO
  kNoDevice = 6,         // ENXIO
  kNoMemory = 12,        // ENOMEM
  kAccess = 13,          // EACCES
  kFault = 14,           // EFAULT
  kBusy = 16,            // EBUSY
  kExists = 17,          // EEXIST
  kNoSuchDevice = 19,    // ENODEV
  kInvalid = 22,         // EINVAL
  kMessageTooLong = 90,  // EMSGSIZE
  kNotSupported = 95,    // EOPNOTSUPP
  kTimedOut = 110,       // ETIMEDOUT
};

// Success, or one errno. Trivially copyable; fits a register.
class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  constexpr Status(Errno error) : error_(error) {}  // NOLINT: an errno is a status

  constexpr bool ok() const { return error_ == Errno::kOk; }
  constexpr Errno error() const { return error_; }
  // The value a system call would store in errno; 0 on success.
  constexpr int32_t number() const { return static_cast<int32_t>(error_); }

  friend constexpr bool operator==(Status, Status) = default;

 private:
  Errno error_ = Errno::kOk;
};

inline constexpr Status kOkStatus{};

// A value of type T, or the errno that prevented it. T must be trivially destructible:
// core keeps its objects in pools and passes pointers, so nothing needs a destructor here.
template <typename T>
class [[nodiscard]] Result {
 public:
  static_assert(std::is_trivially_destructible_v<T>);

  constexpr Result(T value) : value_(value) {}                // NOLINT: implicit by design
  constexpr Result(Errno error) : error_(error), value_() {}  // NOLINT: implicit by design
  constexpr Result(Status status) : error_(status.error()), value_() {}  // NOLINT

  constexpr bool ok() const { return error_ == Errno::kOk; }
  constexpr Status status() const { return error_; }
  constexpr Errno error() const { return error_; }
  constexpr const T& value() const { return value_; }
  constexpr T& value() { return value_; }
  constexpr const T& operator*() const { return value_; }
  constexpr const T* operator->() const { return &value_; }

 private:
  Errno error_ = Errno::kOk;
  T value_;
};

}  // namespace mapwire

// Returns the error of a Status or Result expression to the caller.
#define MW_TRY(expression)                   \
  do {                                       \
    const auto mw_try_status = (expression); \
    if (!mw_try_status.ok()) [[unlikely]]    \
      return mw_try_status.error();          \
  } while (0)

#define MW_CONCAT_INNER(a, b) a##b
#define MW_CONCAT(a, b) MW_CONCAT_INNER(a, b)

// Declares `declaration` from the value of a Result, or returns its error.
#define MW_ASSIGN_OR_RETURN(declaration, expression)      \
  auto MW_CONCAT(mw_result_, __LINE__) = (expression);    \
  if (!MW_CONCAT(mw_result_, __LINE__).ok()) [[unlikely]] \
    return MW_CONCAT(mw_result_, __LINE__).error();       \
  declaration = MW_CONCAT(mw_result_, __LINE__).value()

#endif  // CORE_BASE_STATUS_H_
