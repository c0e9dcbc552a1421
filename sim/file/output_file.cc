// OutputFile over C's buffered files.
#include "sim/file/output_file.h"

#include <cassert>
#include <cerrno>
#include <system_error>

namespace mapwire::sim {

OutputFile::~OutputFile() {
  if (file_ != nullptr) std::fclose(file_);
}

FileError OutputFile::Open(const std::string& path) {
  assert(file_ == nullptr);
  path_ = path;
  file_ = std::fopen(path.c_str(), "wbe");
  if (file_ == nullptr) {
    Fail("cannot be created", errno);
  } else {
    std::setvbuf(file_, nullptr, _IOFBF, 64 * 1024);
  }
  return error_;
}

void OutputFile::Write(const void* bytes, size_t size) {
  if (error_ || size == 0) return;
  assert(file_ != nullptr);
  if (std::fwrite(bytes, 1, size, file_) != size) Fail("cannot be written", errno);
}

FileError OutputFile::Close() {
  if (file_ != nullptr) {
    const int result = std::fclose(file_);
    file_ = nullptr;
    if (result != 0) Fail("cannot be written", errno);
  }
  return error_;
}

void OutputFile::Fail(std::string_view what, int error_number) {
  if (error_) return;
  error_ = path_ + ": " + std::string(what) + ": " + std::generic_category().message(error_number);
}

}  // namespace mapwire::sim
