// Safetensors files: named tensors and text metadata, the format that PyTorch and others exchange weights in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::io {

using Metadata = std::map<std::string, std::string>;

struct NamedTensor {
  std::string name;
  TensorDesc desc;
  std::vector<uint8_t> bytes;  // desc.bytes() of them, row-major
};

/// A tensor owned by the caller; it must outlive the call.
struct TensorView {
  std::string name;
  TensorDesc desc;
  std::span<const uint8_t> bytes;
};

/// A tensor of a type that Lemnos does not have: it is listed, and its data is skipped.
struct UnsupportedTensor {
  std::string name;
  std::string dtype;  // as the file says it: "I64", "F64", "F8_E4M3", ..
  Shape shape;
};
std::string to_string(const UnsupportedTensor& tensor);  ///< "1.num_batches_tracked: I64[]"

struct TensorFile {
  std::vector<NamedTensor> tensors;            // in the order of their data
  Metadata metadata;                           // without the checksum, which is the format's own business
  std::vector<UnsupportedTensor> unsupported;  // every BatchNorm of PyTorch counts its batches in an I64; never written

  /// nullptr when no tensor has that name.
  const NamedTensor* find(const std::string& name) const;
};

/// The position of each tensor of a file; read without the data.
struct TensorEntry {
  std::string name;
  TensorDesc desc;
  uint64_t offset = 0;  // bytes from the start of the file
};

/// Reads everything. Nothing is allocated before the header has passed every check: file size, header length, JSON
/// depth and duplicate keys, rank at most 8, products without overflow, offsets that tile the data exactly. A checksum
/// that Lemnos wrote is verified. Tensors of other dtypes are listed as `unsupported`. Throws `not_found`, `io` or
/// `corrupt_data`; the message begins with the file.
TensorFile read_safetensors(const std::filesystem::path& path);

/// Reads and checks the header alone (no checksum); unsupported tensors are skipped.
std::vector<TensorEntry> list_safetensors(const std::filesystem::path& path, Metadata* metadata = nullptr);

/// The same as read_safetensors, from memory; `name` begins the messages.
TensorFile parse_safetensors(std::span<const uint8_t> file, const std::string& name);

/// Writes through AtomicFile: a killed or failed save leaves the old file whole. Tensors start at multiples of their
/// element size: wider elements come first, otherwise the given order is kept. Adds the checksum to the metadata.
/// Throws `invalid_argument` for a duplicate or reserved name, `shape_mismatch` when bytes and desc disagree, `io`
/// otherwise.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const Metadata& metadata = {});
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

}  // namespace lemnos::io
