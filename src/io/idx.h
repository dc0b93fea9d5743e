// The IDX format of the MNIST files: a magic number, extents, then a dense big-endian array. Also gzip-compressed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::io {

inline constexpr uint64_t kMostIdxBytes = uint64_t{1} << 32;

struct IdxFile {
  DType dtype = DType::u8;
  Shape shape;
  std::vector<uint8_t> bytes;  // row-major, in the byte order of this machine
};

/// Reads an IDX file; gzip is recognised by its content, not by the name. Signed bytes and shorts widen to i32, doubles
/// round to f32. Throws `not_found`, `io`, or `corrupt_data` for a wrong magic number, an unknown type code, a rank of
/// 0 or past 8, or a product of extents that is not exactly the size of the file (both numbers are given). A compressed
/// file is inflated no further than its header promises, and refused where that is more than `max_bytes`.
IdxFile read_idx(const std::filesystem::path& path, uint64_t max_bytes = kMostIdxBytes);

/// The same from memory; `name` begins the messages.
IdxFile parse_idx(std::span<const uint8_t> file, const std::string& name, uint64_t max_bytes = kMostIdxBytes);

/// Writes u8, i32 or f32; compressed when the name ends in ".gz". Throws `unsupported` for another element type.
void write_idx(const std::filesystem::path& path, const IdxFile& file);

}  // namespace lemnos::io
