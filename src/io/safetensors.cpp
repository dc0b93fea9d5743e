#include "io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/system_reason.h"
#include "base/text.h"
#include "base/translate.h"
#include "io/bytes.h"
#include "io/checksum.h"
#include "io/file.h"
#include "io/number_text.h"
#include "io/safetensors_header.h"

namespace lemnos::io {
namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little,
              "safetensors holds little-endian data, which is not swapped here");

constexpr const char* kChecksumKey = "lemnos.checksum";

// Fills the span with the next bytes of the file, all of it.
using ReadNext = std::function<void(std::span<uint8_t>)>;

SafetensorsHeader read_header_safetensors(const ReadNext& read, uint64_t file_bytes, uint64_t& data_start,
                                          const std::string& name) {
  require(file_bytes >= 8, ErrorCode::corrupt_data, name, ": has ", file_bytes,
          " bytes, a safetensors file begins with 8");
  std::array<uint8_t, 8> raw{};
  read(raw);
  const auto length = load<uint64_t>(raw.data(), std::endian::little);
  require(length <= kMaxSafetensorsHeader && length <= file_bytes - 8, ErrorCode::corrupt_data, name,
          ": claims a header of ", length, " bytes, at most ", std::min(kMaxSafetensorsHeader, file_bytes - 8),
          " are possible in a file of ", file_bytes);
  std::string json(length, '\0');
  read(std::span(reinterpret_cast<uint8_t*>(json.data()), json.size()));
  data_start = 8 + length;
  return parse_safetensors_header(json, file_bytes - data_start, name);
}

// Covers what the file means, not how its header is spelled.
class FileChecksum {
 public:
  explicit FileChecksum(const Metadata& metadata) {
    for (const auto& [key, value] : metadata)
      if (key != kChecksumKey) hash_.add(key).add(value);
  }
  void tensor(const std::string& name, const TensorDesc& desc, std::span<const uint8_t> bytes) {
    hash_.add(name).add(to_string(desc)).number(checksum(bytes));
  }
  std::string word() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string word = "1:";  // the version of this sum
    for (int shift = 60; shift >= 0; shift -= 4) word += kDigits[hash_.value() >> shift & 15];
    return word;
  }

 private:
  Hash hash_;
};

TensorFile read_all(const ReadNext& read, uint64_t file_bytes, const std::string& name) {
  uint64_t data_start = 0;
  SafetensorsHeader header = read_header_safetensors(read, file_bytes, data_start, name);
  TensorFile file;
  file.metadata = std::move(header.metadata);
  file.unsupported = std::move(header.unsupported);
  FileChecksum sum(file.metadata);
  uint64_t reached = 0;
  for (TensorEntry& entry : header.entries) {
    for (std::vector<uint8_t> skipped; reached < entry.offset; reached += skipped.size()) {
      skipped.resize(std::min<uint64_t>(entry.offset - reached, 1u << 20));
      read(skipped);
    }
    std::vector<uint8_t> bytes(entry.desc.bytes());
    reached += bytes.size();
    read(bytes);
    sum.tensor(entry.name, entry.desc, bytes);
    file.tensors.push_back({std::move(entry.name), entry.desc, std::move(bytes)});
  }
  if (const auto expected = file.metadata.find(kChecksumKey); expected != file.metadata.end()) {
    require(expected->second == sum.word() || !expected->second.starts_with("1:"), ErrorCode::corrupt_data, name,
            ": the data has checksum ", sum.word(), ", the file was saved with ", in_quotes(expected->second));
    file.metadata.erase(expected);
  }
  return file;
}

struct OpenFile {
  explicit OpenFile(const fs::path& path) : name(path.string()) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    require(fs::exists(status), ErrorCode::not_found, name, ": no such file");
    require(fs::is_regular_file(status), ErrorCode::io, name, ": is not a regular file");
    size = fs::file_size(path, error);
    require(!error, ErrorCode::io, name, ": ", reason_of(error));
    stream.open(path, std::ios::binary);
    require(stream.is_open(), ErrorCode::io, name, ": cannot open: ", kSystemReason);
  }
  ReadNext reader() {
    return [this](std::span<uint8_t> out) {
      stream.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
      require(static_cast<size_t>(stream.gcount()) == out.size(), ErrorCode::io, name, ": only ", stream.gcount(),
              " of ", out.size(), " bytes could be read");
    };
  }

  std::string name;
  uint64_t size = 0;
  std::ifstream stream;
};

SafetensorsHeader layout_safetensors(std::vector<TensorView>& tensors, const Metadata& metadata,
                                     const std::string& name) {
  std::set<std::string> names;
  for (const TensorView& tensor : tensors) {
    require(tensor.name != "__metadata__" && names.insert(tensor.name).second, ErrorCode::invalid_argument, name,
            ": cannot save: the name ", in_quotes(tensor.name), " is ",
            tensor.name == "__metadata__" ? "reserved" : "used twice");
    require(tensor.bytes.size() == tensor.desc.bytes(), ErrorCode::shape_mismatch, name, ": cannot save ",
            in_quotes(tensor.name), ": ", tensor.desc, " takes ", tensor.desc.bytes(), " bytes, given ",
            tensor.bytes.size());
  }
  require(!metadata.contains(kChecksumKey), ErrorCode::invalid_argument, name, ": the metadata key ", kChecksumKey,
          " is reserved");
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorView& a, const TensorView& b) {
    return size_of(a.desc.dtype) > size_of(b.desc.dtype);
  });
  SafetensorsHeader header{{}, metadata, {}};
  FileChecksum sum(metadata);
  uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    header.entries.push_back({tensor.name, tensor.desc, offset});
    sum.tensor(tensor.name, tensor.desc, tensor.bytes);
    offset += tensor.bytes.size();
  }
  header.metadata[kChecksumKey] = sum.word();
  return header;
}

}  // namespace

std::string to_string(const UnsupportedTensor& tensor) { return text(tensor.name, ": ", tensor.dtype, tensor.shape); }

const NamedTensor* TensorFile::find(const std::string& name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

TensorFile read_safetensors(const fs::path& path) {
  return translated(path.string(), [&] {
    OpenFile file(path);
    return read_all(file.reader(), file.size, file.name);
  });
}

TensorFile parse_safetensors(std::span<const uint8_t> file, const std::string& name) {
  const ReadNext read = [rest = file](std::span<uint8_t> out) mutable {
    std::copy_n(rest.begin(), out.size(), out.begin());
    rest = rest.subspan(out.size());
  };
  return translated(name, [&] { return read_all(read, file.size(), name); });
}

std::vector<TensorEntry> list_safetensors(const fs::path& path, Metadata* metadata) {
  OpenFile file(path);
  uint64_t data_start = 0;
  SafetensorsHeader header = read_header_safetensors(file.reader(), file.size, data_start, file.name);
  for (TensorEntry& entry : header.entries) entry.offset += data_start;
  header.metadata.erase(kChecksumKey);
  if (metadata) *metadata = std::move(header.metadata);
  return std::move(header.entries);
}

namespace {

std::string header_text_safetensors(const SafetensorsHeader& header, const std::string& name) {
  try {
    return safetensors_header_text(header);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {  // the JSON library, on names that are not UTF-8
    fail(ErrorCode::invalid_argument, name, ": cannot save: ", e.what());
  }
}

void write(const fs::path& path, std::span<const TensorView> tensors, const Metadata& metadata) {
  std::vector<TensorView> ordered(tensors.begin(), tensors.end());
  const SafetensorsHeader header = layout_safetensors(ordered, metadata, path.string());
  const std::string json = header_text_safetensors(header, path.string());
  require(json.size() <= kMaxSafetensorsHeader, ErrorCode::unsupported, path.string(), ": the header would have ",
          json.size(), " bytes, the format allows ", kMaxSafetensorsHeader);
  std::array<uint8_t, 8> length{};
  store(length.data(), static_cast<uint64_t>(json.size()), std::endian::little);
  AtomicFile out(path);
  out.write(length);
  out.write(json);
  for (const TensorView& tensor : ordered) out.write(tensor.bytes);
  out.commit();
}

}  // namespace

void write_safetensors(const fs::path& path, std::span<const TensorView> tensors, const Metadata& metadata) {
  translated(path.string(), [&] { write(path, tensors, metadata); });
}

void write_safetensors(const fs::path& path, const TensorFile& file) {
  std::vector<TensorView> views;
  for (const NamedTensor& tensor : file.tensors) views.push_back({tensor.name, tensor.desc, tensor.bytes});
  write_safetensors(path, views, file.metadata);
}

}  // namespace lemnos::io
