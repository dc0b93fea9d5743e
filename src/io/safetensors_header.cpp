#include "io/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "io/number_text.h"

namespace lemnos::io {
namespace {

constexpr int kMaxDepth = 4;
constexpr const char* kMetadataKey = "__metadata__";

struct FileDType {
  const char* word;
  uint64_t size;  // bytes
  std::optional<DType> dtype;
};

constexpr FileDType kDTypes[] = {
    {"F32", 4, DType::f32},
    {"F16", 2, DType::f16},
    {"BF16", 2, DType::bf16},
    {"I32", 4, DType::i32},
    {"U32", 4, DType::u32},
    {"U8", 1, DType::u8},
    {"BOOL", 1, DType::boolean},
    {"F64", 8, {}},
    {"I64", 8, {}},
    {"U64", 8, {}},
    {"I16", 2, {}},
    {"U16", 2, {}},
    {"I8", 1, {}},
    {"F8_E4M3", 1, {}},
    {"F8_E5M2", 1, {}},
};

// What the file says of one tensor, before any of it is believed.
struct Claim {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<std::vector<uint64_t>> shape;
  std::optional<std::vector<uint64_t>> offsets;
};

// Receives the JSON piece by piece, so that depth, duplicate keys and foreign values are refused before anything is
// built from them: {name: {"dtype": word, "shape": [n, ...], "data_offsets": [n, n]}, "__metadata__": {word: word}}.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderHandler(const std::string& file) : file_(file) {}

  std::vector<Claim> claims;
  Metadata metadata;

  bool start_object(size_t) override {
    enter();
    if (depth_ > 2 || in_array_) refuse("an object");
    fields_.clear();
    if (depth_ == 2 && !in_metadata_) claims.push_back({key_, {}, {}, {}});
    return true;
  }
  bool end_object() override {
    --depth_;
    in_metadata_ = false;
    return true;
  }
  bool start_array(size_t) override {
    enter();
    if (depth_ != 3 || in_metadata_ || in_array_ || (field_ != "shape" && field_ != "data_offsets")) refuse("an array");
    in_array_ = true;
    numbers().emplace();
    return true;
  }
  bool end_array() override {
    --depth_;
    in_array_ = false;
    return true;
  }
  bool key(std::string& word) override {
    if (depth_ == 1) {
      require(names_.insert(word).second, ErrorCode::corrupt_data, file_, ": ", in_quotes(word),
              " occurs twice in the header");
      in_metadata_ = word == kMetadataKey;
      key_ = std::move(word);
      field_.clear();
      return true;
    }
    require(fields_.insert(word).second, ErrorCode::corrupt_data, file_, ": ", in_quotes(word), " occurs twice in ",
            in_quotes(key_));
    field_ = std::move(word);
    return true;
  }
  bool string(std::string& word) override {
    if (depth_ == 2 && in_metadata_)
      metadata.emplace(field_, std::move(word));
    else if (depth_ == 2 && field_ == "dtype")
      claims.back().dtype = std::move(word);
    else
      refuse("a string");
    return true;
  }
  bool number_unsigned(uint64_t number) override {
    if (!in_array_) refuse("a number");
    std::vector<uint64_t>& list = *numbers();
    list.push_back(number);
    require(list.size() <= Shape::kMaxRank, ErrorCode::corrupt_data, file_, ": ", in_quotes(key_), ": rank ",
            list.size(), " of ", field_, " is past the limit of ", Shape::kMaxRank);
    return true;
  }
  bool number_integer(int64_t number) override {
    fail(ErrorCode::corrupt_data, file_, ": ", in_quotes(key_), ": ", in_quotes(field_), " holds ", number,
         ", expected 0 or more");
  }
  bool number_float(double, const std::string& given) override {
    std::string word = given;  // with the locale's mark in the place of the point, where the parser has put it
    for (char& c : word)
      if (std::string_view("0123456789eE+-").find(c) == std::string_view::npos) c = '.';
    fail(ErrorCode::corrupt_data, file_, ": ", in_quotes(key_), ": ", in_quotes(field_), " holds ", in_quotes(word),
         ", expected a whole number of 64 bits");
  }
  bool null() override { refuse("null"); }
  bool boolean(bool) override { refuse("a truth value"); }
  bool binary(nlohmann::json::binary_t&) override { refuse("binary"); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail(ErrorCode::corrupt_data, file_, ": the header is not JSON at its byte ", position);
  }

 private:
  void enter() {
    ++depth_;
    require(depth_ <= kMaxDepth, ErrorCode::corrupt_data, file_, ": the header is nested ", depth_,
            " deep, the limit is ", kMaxDepth);
  }
  [[noreturn]] void refuse(const char* what) {
    fail(ErrorCode::corrupt_data, file_, ": unexpected ", what, " in the header, in ", in_quotes(key_), " ",
         in_quotes(field_));
  }
  std::optional<std::vector<uint64_t>>& numbers() {
    return field_ == "shape" ? claims.back().shape : claims.back().offsets;
  }

  const std::string& file_;
  int depth_ = 0;
  bool in_array_ = false;
  bool in_metadata_ = false;
  std::string key_, field_;
  std::set<std::string> names_, fields_;
};

struct Extent {
  std::string name;
  uint64_t begin = 0, end = 0;
  Shape shape;
  std::string word;            // of its dtype
  std::optional<DType> dtype;  // none: not held
};

Extent check(const Claim& claim, uint64_t data_bytes, const std::string& file) {
  const std::string who = file + ": " + in_quotes(claim.name);
  require(claim.dtype && claim.shape && claim.offsets, ErrorCode::corrupt_data, who, ": has no ",
          !claim.dtype   ? "dtype"
          : !claim.shape ? "shape"
                         : "data_offsets");
  const auto* dtype =
      std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const FileDType& d) { return *claim.dtype == d.word; });
  require(claim.offsets->size() == 2, ErrorCode::corrupt_data, who, ": data_offsets has ", claim.offsets->size(),
          " numbers, expected 2");
  const uint64_t begin = (*claim.offsets)[0];
  const uint64_t end = (*claim.offsets)[1];
  require(begin <= end && end <= data_bytes, ErrorCode::corrupt_data, who, ": data_offsets ", begin, " to ", end,
          " lie outside the ", data_bytes, " bytes of data");
  const bool known = dtype != std::end(kDTypes);  // newer writers have types of less than a byte
  uint64_t bytes = known ? dtype->size : 1;
  std::vector<int64_t> dims;
  for (const uint64_t extent : *claim.shape) {
    require(extent <= uint64_t{1} << 60 && (extent == 0 || bytes <= (uint64_t{1} << 60) / extent),
            ErrorCode::corrupt_data, who, ": extent ", extent, " takes the size of the tensor past ", uint64_t{1} << 60,
            " bytes");
    if (extent != 0) bytes *= extent;
    dims.push_back(static_cast<int64_t>(extent));
  }
  const Shape shape{std::span<const int64_t>(dims)};
  if (shape.elements() == 0) bytes = 0;
  require(!known || bytes == end - begin, ErrorCode::corrupt_data, who, ": ", *claim.dtype, shape, " takes ", bytes,
          " bytes, data_offsets give it ", end - begin);
  return {claim.name, begin, end, shape, *claim.dtype, known ? dtype->dtype : std::nullopt};
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, uint64_t data_bytes, const std::string& name) {
  require(!json.empty() && json.front() == '{', ErrorCode::corrupt_data, name, ": the header does not begin with {");
  // The parser takes a NUL for the end, so text behind it would be a second, hidden header.
  const size_t nul = json.find('\0');
  require(nul == std::string_view::npos, ErrorCode::corrupt_data, name, ": the header is not JSON at its byte ",
          nul + 1, ": a NUL");
  HeaderHandler handler(name);
  nlohmann::json::sax_parse(json.begin(), json.end(), &handler);
  std::vector<Extent> extents;
  for (const Claim& claim : handler.claims) extents.push_back(check(claim, data_bytes, name));
  std::stable_sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  SafetensorsHeader header;
  header.metadata = std::move(handler.metadata);
  uint64_t reached = 0;
  for (Extent& extent : extents) {
    require(extent.begin == reached, ErrorCode::corrupt_data, name, ": ", in_quotes(extent.name), " begins at byte ",
            extent.begin, " of the data, the one before it ends at ", reached);
    reached = extent.end;
    if (extent.dtype)
      header.entries.push_back({std::move(extent.name), {extent.shape, *extent.dtype}, extent.begin});
    else
      header.unsupported.push_back({std::move(extent.name), std::move(extent.word), extent.shape});
  }
  require(reached == data_bytes, ErrorCode::corrupt_data, name, ": the tensors take ", reached, " bytes, the file has ",
          data_bytes, " bytes of data");
  return header;
}

std::string safetensors_header_text(const SafetensorsHeader& header) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!header.metadata.empty()) json[kMetadataKey] = header.metadata;
  for (const TensorEntry& entry : header.entries) {
    const auto* dtype = std::find_if(std::begin(kDTypes), std::end(kDTypes),
                                     [&](const FileDType& d) { return d.dtype == entry.desc.dtype; });
    json[entry.name] = {{"dtype", dtype->word},
                        {"shape", std::vector<int64_t>(entry.desc.shape.begin(), entry.desc.shape.end())},
                        {"data_offsets", {entry.offset, entry.offset + entry.desc.bytes()}}};
  }
  std::string text = json.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace lemnos::io
