#include "io/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/number_text.h"

namespace lemnos::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = 65536;  // bytes

struct NpyHeader {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> dims;
};

// The header is a Python dictionary with three known keys: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  NpyHeader parse() {
    NpyHeader header;
    bool seen[3] = {};
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      require(which >= 0 && !seen[which], ErrorCode::corrupt_data, name_, ": the key ", in_quotes(key), " is ",
              which < 0 ? "unknown" : "there twice");
      seen[which] = true;
      if (which == 0) header.descr = description();
      if (which == 1) header.fortran = boolean();
      if (which == 2) header.dims = tuple();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip();
    require(at_ == text_.size(), ErrorCode::corrupt_data, name_, ": the header continues at its byte ", at_, " of ",
            text_.size());
    require(seen[0] && seen[1] && seen[2], ErrorCode::corrupt_data, name_, ": the header has no ",
            !seen[0]   ? "descr"
            : !seen[1] ? "fortran_order"
                       : "shape");
    return header;
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    require(accept(c), ErrorCode::corrupt_data, name_, ": the header lacks '", c, "' at its byte ", at_);
  }
  std::string string() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    require(quote == '\'' || quote == '"', ErrorCode::corrupt_data, name_, ": the header lacks a string at its byte ",
            at_);
    const size_t end = text_.find(quote, at_ + 1);
    require(end != std::string_view::npos, ErrorCode::corrupt_data, name_, ": a string in the header never ends");
    const std::string result(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return result;
  }
  std::string description() {
    skip();
    require(at_ == text_.size() || text_[at_] != '[', ErrorCode::unsupported, name_,
            ": holds records, not one number each");
    return string();
  }
  bool boolean() {
    skip();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}})
      if (text_.substr(at_).starts_with(word)) {
        at_ += std::strlen(word);
        return value;
      }
    fail(ErrorCode::corrupt_data, name_, ": fortran_order is neither True nor False at byte ", at_, " of the header");
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> dims;
    expect('(');
    while (!accept(')')) {
      dims.push_back(number());
      require(dims.size() <= Shape::kMaxRank, ErrorCode::corrupt_data, name_, ": rank ", dims.size(),
              " is past the limit of ", Shape::kMaxRank);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }
  int64_t number() {
    skip();
    int64_t value = 0;
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      require(value < int64_t{1} << 58, ErrorCode::corrupt_data, name_, ": an extent of the shape is past ",
              int64_t{1} << 58);
      value = 10 * value + (text_[at_++] - '0');
    }
    require(at_ > start, ErrorCode::corrupt_data, name_, ": the shape lacks a number at byte ", at_, " of the header");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
    return value;
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

template <typename From>
std::vector<uint8_t> to_i32(std::span<const uint8_t> data, const std::string& name) {
  std::vector<uint8_t> result(data.size() / sizeof(From) * 4);
  for (size_t i = 0; i < data.size() / sizeof(From); ++i) {
    const From value = load<From>(data.data() + i * sizeof(From), std::endian::little);
    require(std::in_range<int32_t>(value), ErrorCode::out_of_range, name, ": element ", i, " is ", +value,
            ", past the range of i32");
    store(result.data() + 4 * i, static_cast<int32_t>(value), std::endian::native);
  }
  return result;
}

std::vector<uint8_t> to_f32(std::span<const uint8_t> data, const std::string&) {
  std::vector<uint8_t> result(data.size() / 2);
  for (size_t i = 0; i < data.size() / 8; ++i)
    store(result.data() + 4 * i, static_cast<float>(load<double>(data.data() + 8 * i, std::endian::little)),
          std::endian::native);
  return result;
}

template <size_t size>
std::vector<uint8_t> as_is(std::span<const uint8_t> data, const std::string&) {
  std::vector<uint8_t> result(data.begin(), data.end());
  if constexpr (std::endian::native == std::endian::big) swap_elements(result, size);
  return result;
}

struct Kind {
  const char* word;  // type and bytes as NumPy spells them, without the byte order
  uint64_t size;
  DType dtype;
  std::vector<uint8_t> (*convert)(std::span<const uint8_t>, const std::string&);
};

constexpr Kind kKinds[] = {
    {"f4", 4, DType::f32, as_is<4>},         {"f2", 2, DType::f16, as_is<2>},
    {"i4", 4, DType::i32, as_is<4>},         {"u4", 4, DType::u32, as_is<4>},
    {"u1", 1, DType::u8, as_is<1>},          {"b1", 1, DType::boolean, as_is<1>},
    {"f8", 8, DType::f32, to_f32},           {"i8", 8, DType::i32, to_i32<int64_t>},
    {"u8", 8, DType::i32, to_i32<uint64_t>}, {"i1", 1, DType::i32, to_i32<int8_t>},
    {"i2", 2, DType::i32, to_i32<int16_t>},  {"u2", 2, DType::i32, to_i32<uint16_t>},
};

const Kind& find_kind(const std::string& descr, const std::string& name) {
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const Kind& k) { return !descr.empty() && descr.substr(1) == k.word; });
  require(kind != std::end(kKinds), ErrorCode::unsupported, name, ": holds elements of type ", in_quotes(descr),
          descr == "|O" || descr == "O" ? " (Python objects)" : "");
  const bool order_is_known = descr[0] == '<' || descr[0] == '>' || (kind->size == 1 && descr[0] == '|');
  require(order_is_known, ErrorCode::unsupported, name, ": type ", in_quotes(descr), " is of no known byte order");
  return *kind;
}

// Elements whose first index runs fastest, as rows.
std::vector<uint8_t> by_rows(std::span<const uint8_t> data, const Shape& shape, size_t size) {
  std::vector<uint8_t> rows(data.size());
  std::vector<int64_t> index(shape.rank()), stride(shape.rank());
  int64_t elements = 1;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    stride[axis] = elements;
    elements *= shape[axis];
  }
  int64_t from = 0;
  for (int64_t to = 0; to < elements; ++to) {
    std::copy_n(data.begin() + from * static_cast<int64_t>(size), size, rows.begin() + to * static_cast<int64_t>(size));
    for (size_t axis = shape.rank(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return rows;
}

// The header text, and how many bytes precede the data.
std::string_view header_text_npy(std::span<const uint8_t> file, const std::string& name, size_t& data_start) {
  require(file.size() >= 10, ErrorCode::corrupt_data, name, ": has ", file.size(),
          " bytes, an NPY file begins with 10");
  require(std::equal(kMagic.begin(), kMagic.end(), file.begin(),
                     [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; }),
          ErrorCode::corrupt_data, name, ": is not an NPY file: the first 6 bytes are not its magic number");
  const int version = file[6];
  require(version >= 1 && version <= 3, ErrorCode::unsupported, name, ": NPY version ", version, ", known are 1 to 3");
  require(version == 1 || file.size() >= 12, ErrorCode::corrupt_data, name, ": has ", file.size(), " bytes, version ",
          version, " begins with 12");
  const uint64_t length = version == 1 ? load<uint16_t>(file.data() + 8, std::endian::little)
                                       : load<uint32_t>(file.data() + 8, std::endian::little);
  const size_t start = version == 1 ? 10 : 12;
  require(length <= kMaxHeader, ErrorCode::corrupt_data, name, ": a header of ", length, " bytes, the limit is ",
          kMaxHeader);
  require(length <= file.size() - start, ErrorCode::corrupt_data, name, ": claims a header of ", length,
          " bytes, the file has ", file.size() - start);
  data_start = start + length;
  return {reinterpret_cast<const char*>(file.data()) + start, length};
}

}  // namespace

NpyArray parse_npy(std::span<const uint8_t> file, const std::string& name) {
  size_t data_start = 0;
  const NpyHeader header = HeaderParser(header_text_npy(file, name, data_start), name).parse();
  const Kind& kind = find_kind(header.descr, name);
  const std::span<const uint8_t> data = file.subspan(data_start);
  uint64_t bytes = kind.size;
  bool empty = false;
  for (const int64_t dim : header.dims) {
    const auto extent = static_cast<uint64_t>(dim);
    empty = empty || extent == 0;
    require(extent == 0 || bytes <= (uint64_t{1} << 58) / extent, ErrorCode::corrupt_data, name, ": extent ", extent,
            " takes the size of the array past ", uint64_t{1} << 58, " bytes");
    if (extent != 0) bytes *= extent;
  }
  if (empty) bytes = 0;
  const Shape shape{std::span<const int64_t>(header.dims)};
  // With at most one extent past 1, the two orders are the same.
  const auto long_axes = std::count_if(header.dims.begin(), header.dims.end(), [](int64_t d) { return d > 1; });
  require(bytes == data.size(), ErrorCode::corrupt_data, name, ": ", in_quotes(header.descr), " ", shape, " takes ",
          bytes, " bytes, the file has ", data.size());
  const bool swapped = header.descr[0] == '>' && kind.size > 1, columns = header.fortran && long_axes > 1;
  if (!swapped && !columns) return {{shape, kind.dtype}, kind.convert(data, name)};
  std::vector<uint8_t> ordered =
      columns ? by_rows(data, shape, kind.size) : std::vector<uint8_t>(data.begin(), data.end());
  if (swapped) swap_elements(ordered, kind.size);
  return {{shape, kind.dtype}, kind.convert(ordered, name)};
}

NpyArray read_npy(const std::filesystem::path& path) { return parse_npy(read_file(path), path.string()); }

void write_npy(const std::filesystem::path& path, const TensorDesc& desc, std::span<const uint8_t> bytes) {
  const std::string name = path.string();
  require(desc.dtype != DType::bf16, ErrorCode::unsupported, name, ": NPY does not hold bf16");
  require(bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, name, ": ", desc, " takes ", desc.bytes(),
          " bytes, given ", bytes.size());
  const auto* kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.dtype == desc.dtype; });
  std::string dims;
  for (const int64_t extent : desc.shape) dims += text(extent, ", ");
  if (desc.shape.rank() > 1) dims.resize(dims.size() - 2);
  std::string header = text("{'descr': '", kind->size == 1 ? "|" : "<", kind->word,
                            "', 'fortran_order': False, 'shape': (", dims, "), }");
  constexpr size_t kAlignment = 64;
  header.resize((10 + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment - 11, ' ');
  header += '\n';
  std::array<uint8_t, 10> start{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  store(start.data() + 8, static_cast<uint16_t>(header.size()), std::endian::little);
  AtomicFile out(path);
  out.write(start);
  out.write(header);
  out.write(kind->convert(bytes, name));
  out.commit();
}

}  // namespace lemnos::io
