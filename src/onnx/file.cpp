#include "onnx/file.h"

#include <fstream>
#include <system_error>

#include "base/text.h"

namespace lemnos::onnx {

std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
  std::error_code wrong;
  const bool is_file = std::filesystem::is_regular_file(path, wrong);
  require(is_file, ErrorCode::io, "onnx: ", path.string(), ": no such file");
  const auto size = std::filesystem::file_size(path, wrong);
  require(!wrong, ErrorCode::io, "onnx: ", path.string(), ": ", wrong.message());
  require(size < uintmax_t{1} << 31, ErrorCode::corrupt_data, "onnx: ", path.string(), ": ", size,
          " bytes, an ONNX file has less than 2 GiB");
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  require(file.good() && file.gcount() == static_cast<std::streamsize>(size), ErrorCode::io, "onnx: ", path.string(),
          ": read ", file.gcount(), " of ", size, " bytes");
  return bytes;
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::path beside = path;
  beside += ".part";
  std::error_code wrong;
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      std::filesystem::remove(beside, wrong);
      fail(ErrorCode::io, "onnx: ", path.string(), ": could not write ", bytes.size(), " bytes");
    }
  }
  std::filesystem::rename(beside, path, wrong);
  if (!wrong) return;
  const std::string reason = wrong.message();
  std::filesystem::remove(beside, wrong);
  fail(ErrorCode::io, "onnx: ", path.string(), ": ", reason);
}

}  // namespace lemnos::onnx
