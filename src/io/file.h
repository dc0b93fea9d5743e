// Files on disk: bounded reading, and writing that a crash cannot tear (temporary, fsync, rename, fsync of the folder).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lemnos::io {

/// The whole file. Throws `not_found` when there is none, `io` when it cannot be read, and `corrupt_data` naming both
/// sizes when it is longer than `max_bytes`. A pipe or a device is read to its end, which may be 1 GiB away at most.
std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 40);

/// A file that appears under its name all at once, in `commit`, or not at all. Until then the bytes lie in
/// `.<name>.<process>-<n>.tmp` in the same folder; a temporary that a killed process left there is removed by the next
/// save of the same name (temporaries of a living writer are locked, and kept). Throws `io` naming the file and the
/// bytes when the folder or the file is unwritable or the disk is full; the old file is then untouched and the
/// temporary is gone. A symbolic link stays one: what it leads to is replaced, or made where it leads nowhere yet. A
/// file that was there keeps its permissions, and its owner where the system lets us; other names of it (hard links)
/// keep the old content. A device or a pipe is written through as the bytes come, and stays what it is. One thread at a
/// time.
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

/// Throws `io` where AtomicFile would refuse this path, and leaves what is there as it is: for before the work, not
/// after.
void require_writable(const std::filesystem::path& path);

/// Writes a whole file through AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace lemnos::io
