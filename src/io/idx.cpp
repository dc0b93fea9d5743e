#include "io/idx.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "io/bytes.h"
#include "io/file.h"

namespace lemnos::io {
namespace {

// The content of a file that is plain or gzip-compressed, from its start, in pieces of a size that the reader chooses.
class Source {
 public:
  Source(std::span<const uint8_t> file, const std::string& name) : file_(file), name_(name) {
    compressed_ = file.size() >= 2 && file[0] == 0x1f && file[1] == 0x8b;
    if (!compressed_) return;
    constexpr int kGzipOnly = 15 + 16;
    require(inflateInit2(&stream_, kGzipOnly) == Z_OK, ErrorCode::out_of_memory, name_,
            ": zlib could not be initialised");
  }
  ~Source() {
    if (compressed_) inflateEnd(&stream_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  bool compressed() const { return compressed_; }

  // Fills as much of `out` as there is, and returns how much that was.
  size_t read(std::span<uint8_t> out) { return compressed_ ? inflate_into(out) : copy_into(out); }

  // After the last read: how many bytes are left, at least (exactly, when the file is plain).
  uint64_t left() {
    if (!compressed_) return file_.size() - position_;
    uint8_t probe = 0;
    const size_t more = inflate_into({&probe, 1});
    require(more > 0 || finished_, ErrorCode::corrupt_data, name_, ": truncated: the gzip checksum is missing after ",
            file_.size(), " compressed bytes");
    return more;
  }

 private:
  size_t copy_into(std::span<uint8_t> out) {
    const size_t count = std::min(out.size(), file_.size() - position_);
    std::copy_n(file_.begin() + static_cast<ptrdiff_t>(position_), count, out.begin());
    position_ += count;
    return count;
  }

  size_t inflate_into(std::span<uint8_t> out) {
    size_t done = 0;
    while (done < out.size() && !ended_) {
      if (stream_.avail_in == 0) {
        const size_t piece = std::min<size_t>(file_.size() - position_, 1u << 30);
        stream_.next_in = const_cast<Bytef*>(file_.data() + position_);
        stream_.avail_in = static_cast<uInt>(piece);
        position_ += piece;
      }
      const auto room = static_cast<uInt>(std::min<size_t>(out.size() - done, 1u << 30));
      stream_.next_out = out.data() + done;
      stream_.avail_out = room;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      if (status == Z_STREAM_END)
        next_member();
      else if (status == Z_BUF_ERROR)
        ended_ = true;  // no more input: the caller sees a short read
      else
        require(status == Z_OK, ErrorCode::corrupt_data, name_, ": damaged gzip data near compressed byte ",
                position_ - stream_.avail_in, " of ", file_.size(), ": ", stream_.msg ? stream_.msg : "zlib error");
    }
    return done;
  }

  // A gzip file may be several members in a row; anything else behind the first one is not data.
  void next_member() {
    const size_t at = position_ - stream_.avail_in;
    finished_ = true;
    if (at + 2 <= file_.size() && file_[at] == 0x1f && file_[at + 1] == 0x8b)
      finished_ = inflateReset(&stream_) != Z_OK;
    else
      ended_ = true;
  }

  std::span<const uint8_t> file_;
  const std::string& name_;
  size_t position_ = 0;
  bool compressed_ = false;
  bool ended_ = false;
  bool finished_ = false;  // at the end of a member, its checksum verified
  z_stream stream_{};
};

struct IdxHeader {
  uint8_t type = 0;
  size_t element = 0;  // bytes in the file
  Shape shape;
  uint64_t payload = 0;  // bytes in the file
};

size_t element_size(uint8_t type) {
  switch (type) {
    case 0x08:
    case 0x09: return 1;
    case 0x0B: return 2;
    case 0x0C:
    case 0x0D: return 4;
    case 0x0E: return 8;
    default: return 0;
  }
}

IdxHeader read_header_idx(Source& source, const std::string& name, uint64_t max_bytes) {
  std::array<uint8_t, 4> magic{};
  const size_t got = source.read(magic);
  require(got == 4, ErrorCode::corrupt_data, name, ": has ", got, " bytes, an IDX file begins with 4");
  require(magic[0] == 0 && magic[1] == 0, ErrorCode::corrupt_data, name, ": is not an IDX file: begins with ",
          int{magic[0]}, " ", int{magic[1]}, ", not 0 0");
  IdxHeader header;
  header.type = magic[2];
  header.element = element_size(header.type);
  require(header.element != 0, ErrorCode::corrupt_data, name, ": unknown IDX type code ", int{header.type},
          ", known are 8 9 11 12 13 14");
  const size_t rank = magic[3];
  require(rank >= 1 && rank <= Shape::kMaxRank, ErrorCode::corrupt_data, name, ": rank ", rank, " is not in 1 to ",
          Shape::kMaxRank);
  std::array<uint8_t, 4 * Shape::kMaxRank> raw{};
  const size_t extents = source.read(std::span(raw).first(4 * rank));
  require(extents == 4 * rank, ErrorCode::corrupt_data, name, ": ends after ", 4 + extents, " of the ", 4 + 4 * rank,
          " bytes of its header");
  std::array<int64_t, Shape::kMaxRank> dims{};
  header.payload = header.element;
  bool empty = false;
  for (size_t axis = 0; axis < rank; ++axis) {
    dims[axis] = load<uint32_t>(raw.data() + 4 * axis, std::endian::big);
    const auto extent = static_cast<uint64_t>(dims[axis]);
    empty = empty || extent == 0;
    if (extent == 0) continue;
    require(header.payload <= max_bytes / extent, ErrorCode::corrupt_data, name, ": extent ", extent, " of axis ", axis,
            " makes the data larger than the limit of ", max_bytes, " bytes");
    header.payload *= extent;
  }
  if (empty) header.payload = 0;
  header.shape = Shape(std::span<const int64_t>(dims.data(), rank));
  return header;
}

// Grows with the actual data: a small file cannot make the reader allocate the size that its header claims.
std::vector<uint8_t> read_payload(Source& source, const IdxHeader& header, const std::string& name) {
  constexpr uint64_t kFirstPiece = 65536;  // then as much again as there is
  std::vector<uint8_t> bytes;
  while (bytes.size() < header.payload) {
    const size_t start = bytes.size();
    const size_t piece = std::min(std::max<uint64_t>(kFirstPiece, start), header.payload - start);
    bytes.resize(start + piece);
    const size_t got = source.read(std::span(bytes).subspan(start));
    require(got == piece, ErrorCode::corrupt_data, name, ": truncated: ", header.shape, " promises ", header.payload,
            " bytes of data, the file has ", start + got);
  }
  const uint64_t left = source.left();
  require(left == 0, ErrorCode::corrupt_data, name, ": too long: ", header.shape, " promises ", header.payload,
          " bytes of data, the file has ", source.compressed() ? "at least " : "", header.payload + left);
  return bytes;
}

template <typename From, typename To>
std::vector<uint8_t> convert(const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> result(bytes.size() / sizeof(From) * sizeof(To));
  for (size_t i = 0; i < bytes.size() / sizeof(From); ++i) {
    const auto value = static_cast<To>(load<From>(bytes.data() + i * sizeof(From), std::endian::big));
    store<To>(result.data() + i * sizeof(To), value, std::endian::native);
  }
  return result;
}

void to_native(uint8_t type, IdxFile& file) {
  switch (type) {
    case 0x09:
      file.dtype = DType::i32;
      file.bytes = convert<int8_t, int32_t>(file.bytes);
      break;
    case 0x0B:
      file.dtype = DType::i32;
      file.bytes = convert<int16_t, int32_t>(file.bytes);
      break;
    case 0x0E:
      file.dtype = DType::f32;
      file.bytes = convert<double, float>(file.bytes);
      break;
    case 0x0C:
    case 0x0D:
      file.dtype = type == 0x0C ? DType::i32 : DType::f32;
      if constexpr (std::endian::native == std::endian::little) swap_elements(file.bytes, 4);
      break;
    default: file.dtype = DType::u8;
  }
}

std::vector<uint8_t> gzip(const std::vector<uint8_t>& plain, const std::string& name) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  require(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK,
          ErrorCode::out_of_memory, name, ": zlib could not be initialised");
  std::vector<uint8_t> packed(deflateBound(&stream, static_cast<uLong>(plain.size())));
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  require(status == Z_STREAM_END, ErrorCode::internal, name, ": zlib could not compress ", plain.size(), " bytes");
  return packed;
}

}  // namespace

IdxFile parse_idx(std::span<const uint8_t> file, const std::string& name, uint64_t max_bytes) {
  Source source(file, name);
  const IdxHeader header = read_header_idx(source, name, max_bytes);
  IdxFile result;
  result.shape = header.shape;
  result.bytes = read_payload(source, header, name);
  to_native(header.type, result);
  return result;
}

IdxFile read_idx(const std::filesystem::path& path, uint64_t max_bytes) {
  return parse_idx(read_file(path), path.string(), max_bytes);
}

void write_idx(const std::filesystem::path& path, const IdxFile& file) {
  const std::string name = path.string();
  const uint8_t type = file.dtype == DType::u8 ? 0x08 : file.dtype == DType::i32 ? 0x0C : 0x0D;
  require(type != 0x0D || file.dtype == DType::f32, ErrorCode::unsupported, name, ": IDX does not hold ", file.dtype);
  const TensorDesc desc{file.shape, file.dtype};
  require(file.bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, name, ": ", desc, " takes ", desc.bytes(),
          " bytes, given ", file.bytes.size());
  require(file.shape.rank() >= 1, ErrorCode::invalid_argument, name, ": IDX has no scalars");
  std::vector<uint8_t> plain(4 + 4 * file.shape.rank());
  plain[2] = type;
  plain[3] = static_cast<uint8_t>(file.shape.rank());
  for (size_t axis = 0; axis < file.shape.rank(); ++axis) {
    const int64_t extent = file.shape[axis];
    require(extent <= std::numeric_limits<uint32_t>::max(), ErrorCode::unsupported, name, ": extent ", extent,
            " of axis ", axis, " is past the ", std::numeric_limits<uint32_t>::max(), " of IDX");
    store(plain.data() + 4 + 4 * axis, static_cast<uint32_t>(extent), std::endian::big);
  }
  const size_t start = plain.size();
  plain.insert(plain.end(), file.bytes.begin(), file.bytes.end());
  if (std::endian::native == std::endian::little) swap_elements(std::span(plain).subspan(start), size_of(file.dtype));
  const bool compress = path.extension() == ".gz";
  require(!compress || plain.size() < (uint64_t{1} << 32), ErrorCode::unsupported, name, ": ", plain.size(),
          " bytes are too many to compress in one piece, the limit is ", uint64_t{1} << 32);
  AtomicFile out(path);
  out.write(compress ? gzip(plain, name) : plain);
  out.commit();
}

}  // namespace lemnos::io
