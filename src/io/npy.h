// NumPy's .npy: one dense array with a short text header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::io {

struct NpyArray {
  TensorDesc desc;
  std::vector<uint8_t> bytes;  // row-major, in the byte order of this machine
};

/// Reads f2 f4 i4 u4 u1 b1 as they are, rounds f8 to f32, and narrows i8, u8 and widens i1, i2, u2 to i32. Throws
/// `corrupt_data` for a wrong magic number, a header that is malformed or past 64 KiB, or a size that differs from the
/// header; `out_of_range` for an integer that does not fit i32 (with its index); `unsupported` for objects and records.
/// Either byte order; Fortran order is turned into rows.
NpyArray read_npy(const std::filesystem::path& path);
NpyArray parse_npy(std::span<const uint8_t> file, const std::string& name);

/// Version 1.0. bf16, which NumPy lacks, is `unsupported`.
void write_npy(const std::filesystem::path& path, const TensorDesc& desc, std::span<const uint8_t> bytes);

}  // namespace lemnos::io
