#include "judges/arrays.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>

#include "base/half.h"
#include "base/text.h"
#include "io/json_text.h"
#include "io/safetensors.h"

namespace lemnos::judges {

const char* word_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "F32";
    case DType::f16: return "F16";
    case DType::bf16: return "BF16";
    case DType::i32: return "I32";
    case DType::u32: return "U32";
    case DType::u8: return "U8";
    case DType::boolean: return "BOOL";
  }
  return "";
}

namespace {

using Json = nlohmann::json;

template <typename T>
std::vector<double> decoded(const std::byte* bytes, size_t count) {
  std::vector<double> numbers(count);
  for (size_t i = 0; i < count; ++i) {
    T item;
    std::memcpy(&item, bytes + i * sizeof(T), sizeof(T));
    numbers[i] = static_cast<double>(item);
  }
  return numbers;
}

template <typename T>
std::vector<std::byte> encoded(const std::vector<double>& numbers) {
  std::vector<std::byte> bytes(numbers.size() * sizeof(T));
  for (size_t i = 0; i < numbers.size(); ++i) {
    const T item = static_cast<T>(numbers[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &item, sizeof(T));
  }
  return bytes;
}

std::vector<std::byte> content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Arrays::Arrays(const std::filesystem::path& file) : file_(file.string()) {
  const io::TensorFile held = io::read_safetensors(file);  // checks the header, so that what follows can trust it
  for (const io::NamedTensor& tensor : held.tensors) {
    const auto bytes = std::as_bytes(std::span(tensor.bytes));
    arrays_[tensor.name] = {word_of(tensor.desc.dtype), tensor.desc.shape,
                            numbers_of(tensor.desc.dtype, {bytes.begin(), bytes.end()})};
  }
  if (held.unsupported.empty()) return;
  const std::vector<std::byte> content = content_of(file);
  uint64_t header = 0;
  std::memcpy(&header, content.data(), sizeof(header));
  const std::string text(reinterpret_cast<const char*>(content.data()) + sizeof(header), header);
  const Json entries = io::parse_json<Json>(text, file_);
  for (const io::UnsupportedTensor& tensor : held.unsupported) {
    const auto begin = entries.at(tensor.name).at("data_offsets").at(0).get<size_t>();
    const std::byte* data = content.data() + sizeof(header) + header + begin;
    const auto count = static_cast<size_t>(tensor.shape.elements());
    Array& array = arrays_[tensor.name] = {tensor.dtype, tensor.shape, {}};
    if (tensor.dtype == "I64") array.values = decoded<int64_t>(data, count);
    if (tensor.dtype == "F64") array.values = decoded<double>(data, count);
  }
}

const Array& Arrays::at(const std::string& name) const {
  const auto found = arrays_.find(name);
  require(found != arrays_.end(), ErrorCode::not_found, file_, ": has no tensor '", name, "'");
  const Array& array = found->second;
  require(array.values.size() == static_cast<size_t>(array.shape.elements()), ErrorCode::unsupported, file_, ": '",
          name, "' is of type ", array.dtype, ", which is not read here");
  return array;
}

std::vector<double> numbers_of(DType dtype, const std::vector<std::byte>& bytes) {
  const size_t count = bytes.size() / size_of(dtype);
  switch (dtype) {
    case DType::f32: return decoded<float>(bytes.data(), count);
    case DType::i32: return decoded<int32_t>(bytes.data(), count);
    case DType::u32: return decoded<uint32_t>(bytes.data(), count);
    case DType::u8:
    case DType::boolean: return decoded<uint8_t>(bytes.data(), count);
    case DType::f16:
    case DType::bf16: break;
  }
  std::vector<double> numbers(count);
  decode(dtype, bytes.data(), numbers.data(), count);
  return numbers;
}

std::vector<std::byte> bytes_of(DType dtype, const std::vector<double>& numbers) {
  switch (dtype) {
    case DType::f32: return encoded<float>(numbers);
    case DType::i32: return encoded<int32_t>(numbers);
    case DType::u8:
    case DType::boolean: return encoded<uint8_t>(numbers);
    case DType::u32: return encoded<uint32_t>(numbers);
    case DType::f16:
    case DType::bf16: break;
  }
  std::vector<std::byte> bytes(numbers.size() * size_of(dtype));
  encode(dtype, numbers.data(), bytes.data(), numbers.size());
  return bytes;
}

}  // namespace lemnos::judges
