// Whole files. The library's own functions for them are not seen from outside of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace lemnos::onnx {

/// Throws `io` naming the file, and `corrupt_data` past 2 GiB, which no ONNX file has.
std::vector<std::byte> read_bytes(const std::filesystem::path& path);
/// Into a file beside it, which then takes its name. Throws `io` naming the file.
void write_bytes(const std::filesystem::path& path, const std::string& bytes);

}  // namespace lemnos::onnx
