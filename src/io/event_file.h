// TensorBoard's event files: scalars and histograms against a step. A file is a row of records, each a length, its
// checksum, a message of the Event protocol, its checksum; the file grows during a run.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lemnos::io {

/// CRC-32C (Castagnoli), as iSCSI has it: "123456789" gives e3069283.
uint32_t crc32c(std::string_view bytes);
/// Rotated and shifted, as records keep it, so that the checksum of a record within a record is not trivial.
uint32_t masked_crc32c(std::string_view bytes);

/// One file events.out.tfevents.<seconds>.lemnos.<process>.<n> in `folder`, which is created if necessary. Records are
/// in the file when a call returns. Throws `io` naming the file.
class EventFile {
 public:
  explicit EventFile(const std::filesystem::path& folder);

  void scalar(const std::string& tag, int64_t step, double value);
  /// Thirty bins of equal width over the range of the finite values; nothing if there is none.
  void histogram(const std::string& tag, int64_t step, std::span<const float> values);
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void record(const std::string& event);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace lemnos::io
