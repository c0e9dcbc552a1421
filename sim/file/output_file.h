// A file being written that does not forget its first error.
#ifndef SIM_FILE_OUTPUT_FILE_H_
#define SIM_FILE_OUTPUT_FILE_H_

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace mapwire::sim {

// What went wrong with a file, in words for a person, beginning with its path; nothing if all went
// well.
using FileError = std::optional<std::string>;

// Buffered. After an error writing goes on without effect, so callers need to look only at Close.
class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();  // Closes; an error nobody asked for is lost.
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Creates or empties the file. Call it once.
  [[nodiscard]] FileError Open(const std::string& path);

  void Write(const void* bytes, size_t size);
  void Write(std::string_view text) { Write(text.data(), text.size()); }

  // The first error so far.
  const FileError& error() const { return error_; }

  // Everything reached the operating system, or the first error. Closing again tells the same.
  [[nodiscard]] FileError Close();

 private:
  void Fail(std::string_view what, int error_number);

  std::string path_;
  std::FILE* file_ = nullptr;
  FileError error_;
};

}  // namespace mapwire::sim

#endif  // SIM_FILE_OUTPUT_FILE_H_
