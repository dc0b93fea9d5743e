// Files on disk: bounded reading, and writing that a crash cannot tear (temporary, fsync, rename, fsync of the folder).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/visibility.h"

namespace lemnos::io {

// Exported for lemnos::onnx, which stands beside a shared library.
LEMNOS_BEGIN_PUBLIC
/// The whole file. Throws `not_found` if it does not exist, `io` when it cannot be read, and `corrupt_data` naming both
/// sizes when it is longer than `max_bytes`. A pipe or a device is read to its end, at most 1 GiB.
std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 40);
/// Writes a whole file through AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view text);
LEMNOS_END_PUBLIC

/// A file that appears under its name all at once, in `commit`, or not at all. Until then the bytes are in
/// `.<name>.<process>-<n>.tmp` in the same folder; a temporary that a killed process left there is removed by the next
/// save of the same name (temporaries of a living writer are locked, and kept). Throws `io` naming the file and the
/// bytes when the folder or the file is unwritable or the disk is full; the old file is then untouched and the
/// temporary is gone. A symbolic link is kept: its target is replaced, or created if it does not exist. An existing
/// file keeps its permissions, and its owner if the system allows it; other hard links keep the old content. A device
/// or a pipe is written directly. One thread at a time.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const uint8_t> bytes);
  void write(std::string_view text);
  uint64_t bytes_written() const { return written_; }
  /// Makes the bytes durable and gives them their name. Nothing may be written afterwards.
  void commit();

 private:
  struct System;  // the handle of the operating system
  [[noreturn]] void refuse(const char* what, size_t bytes);

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::unique_ptr<System> system_;
  uint64_t written_ = 0;
  bool committed_ = false;
};

/// Throws `io` if AtomicFile would refuse this path; changes nothing. Call it before long work.
void require_writable(const std::filesystem::path& path);

}  // namespace lemnos::io
