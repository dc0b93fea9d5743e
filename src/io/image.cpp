#include "io/image.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "io/bytes.h"
#include "io/exif.h"
#include "io/file.h"
#include "io/jpeg.h"
#include "io/number_text.h"

// PNG alone: the JPEG reader of the stb that Debian 12 carries reads past its Huffman tables on damaged files.
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS (1 << 15)
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace lemnos::io {

bool is_jpeg(std::span<const uint8_t> file) {
  return file.size() >= 3 && file[0] == 0xff && file[1] == 0xd8 && file[2] == 0xff;
}

namespace {

struct PngHeader {
  uint32_t width = 0, height = 0;
  bool grey = false;
  int orientation = 1;
};

// Every chunk is length, four letters, data and a CRC of the letters and the data, which the decoder does not look at.
PngHeader check_chunks(std::span<const uint8_t> file, const std::string& name) {
  constexpr size_t kSignature = 8, kFrame = 12, kHeader = 13;
  PngHeader header;
  for (size_t at = kSignature;;) {
    require(file.size() - at >= kFrame, ErrorCode::corrupt_data, name, ": damaged PNG image: it ends at byte ",
            file.size(), ", within a chunk");
    const uint32_t length = load<uint32_t>(file.data() + at, std::endian::big);
    const auto left = file.size() - at - kFrame;
    require(length <= left, ErrorCode::corrupt_data, name, ": damaged PNG image: the chunk at byte ", at, " claims ",
            length, " bytes, the file has ", left);
    const std::string_view kind(reinterpret_cast<const char*>(file.data()) + at + 4, 4);
    const auto sum = static_cast<uint32_t>(::crc32_z(0, file.data() + at + 4, size_t{length} + 4));
    require(sum == load<uint32_t>(file.data() + at + 8 + length, std::endian::big), ErrorCode::corrupt_data, name,
            ": damaged PNG image: the checksum of the chunk ", in_quotes(kind), " at byte ", at, " is wrong");
    require((at == kSignature) == (kind == "IHDR") && (at > kSignature || length == kHeader), ErrorCode::corrupt_data,
            name, ": damaged PNG image: it does not begin with its header");
    if (kind == "IHDR") {
      header.width = load<uint32_t>(file.data() + at + 8, std::endian::big);
      header.height = load<uint32_t>(file.data() + at + 12, std::endian::big);
      header.grey = file[at + 17] == 0 || file[at + 17] == 4;  // the kinds of pixels without and with alpha
    }
    if (kind == "eXIf") header.orientation = exif_orientation(file.subspan(at + 8, length));
    if (kind == "IEND") return header;
    at += kFrame + length;
  }
}

bool is_png(std::span<const uint8_t> file) {
  constexpr uint8_t kBegin[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  return file.size() >= sizeof kBegin && std::equal(std::begin(kBegin), std::end(kBegin), file.begin());
}

}  // namespace

Image parse_image(std::span<const uint8_t> file, const std::string& name, int64_t channels, int64_t max_pixels) {
  require(channels == 0 || channels == 1 || channels == 3, ErrorCode::invalid_argument, name, ": ", channels,
          " channels requested, expected 0, 1 or 3");
  require(file.size() <= static_cast<size_t>(std::numeric_limits<int>::max()), ErrorCode::unsupported, name, ": has ",
          file.size(), " bytes, the limit is ", std::numeric_limits<int>::max());
  if (is_jpeg(file)) return parse_jpeg(file, name, channels, max_pixels);
  require(is_png(file), ErrorCode::corrupt_data, name, ": is neither a PNG nor a JPEG image");
  const PngHeader header = check_chunks(file, name);
  require(uint64_t{header.width} * header.height <= static_cast<uint64_t>(max_pixels), ErrorCode::corrupt_data, name,
          ": claims ", header.width, " x ", header.height, " pixels, the limit is ", max_pixels);
  const int wanted = channels != 0 ? static_cast<int>(channels) : header.grey ? 1 : 3;
  int width = 0, height = 0, stored = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(file.data(), static_cast<int>(file.size()), &width, &height, &stored, wanted),
      stbi_image_free);
  require(pixels != nullptr, ErrorCode::corrupt_data, name,
          ": damaged PNG image: ", pixels ? "" : stbi_failure_reason());
  Image image{width, height, wanted, {}};
  image.pixels.assign(pixels.get(), pixels.get() + size_t(width) * size_t(height) * size_t(wanted));
  return upright(std::move(image), header.orientation);
}

Image read_image(const std::filesystem::path& path, int64_t channels, int64_t max_pixels) {
  return parse_image(read_file(path), path.string(), channels, max_pixels);
}

void write_png(const std::filesystem::path& path, const Image& image) {
  const std::string name = path.string();
  require(image.channels == 1 || image.channels == 3, ErrorCode::shape_mismatch, name, ": ", image.channels,
          " channels, expected 1 or 3");
  require(image.width >= 1 && image.height >= 1 && image.width <= kMaxPixels && image.height <= kMaxPixels &&
              image.width * image.height <= kMaxPixels,
          ErrorCode::shape_mismatch, name, ": ", image.width, " x ", image.height, " pixels, expected 1 to ",
          kMaxPixels);
  const auto expected = static_cast<size_t>(image.width * image.height * image.channels);
  require(image.pixels.size() == expected, ErrorCode::shape_mismatch, name, ": ", image.width, " x ", image.height,
          " x ", image.channels, " takes ", expected, " bytes, given ", image.pixels.size());
  std::vector<uint8_t> encoded;
  const auto append = [](void* context, void* data, int size) {
    auto& out = *static_cast<std::vector<uint8_t>*>(context);
    out.insert(out.end(), static_cast<uint8_t*>(data), static_cast<uint8_t*>(data) + size);
  };
  const int stride = static_cast<int>(image.width * image.channels);
  require(stbi_write_png_to_func(append, &encoded, static_cast<int>(image.width), static_cast<int>(image.height),
                                 static_cast<int>(image.channels), image.pixels.data(), stride) != 0,
          ErrorCode::out_of_memory, name, ": could not be encoded");
  AtomicFile out(path);
  out.write(encoded);
  out.commit();
}

Image contact_sheet(std::span<const uint8_t> pixels, int64_t count, int64_t height, int64_t width, int64_t columns,
                    int64_t gap) {
  require(count >= 1 && height >= 1 && width >= 1 && columns >= 1 && gap >= 0, ErrorCode::invalid_argument,
          "contact_sheet: count ", count, ", size ", height, " x ", width, ", columns ", columns, " and gap ", gap,
          " must be positive");
  require(pixels.size() >= static_cast<size_t>(count * height * width), ErrorCode::shape_mismatch,
          "contact_sheet: ", count, " images take ", count * height * width, " bytes, given ", pixels.size());
  const int64_t rows = (count + columns - 1) / columns;
  Image sheet{columns * (width + gap) + gap, rows * (height + gap) + gap, 1, {}};
  constexpr uint8_t kLineGrey = 64;
  sheet.pixels.assign(static_cast<size_t>(sheet.width * sheet.height), kLineGrey);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t y = 0; y < height; ++y) {
      const int64_t to = (i / columns * (height + gap) + gap + y) * sheet.width + i % columns * (width + gap) + gap;
      std::copy_n(pixels.begin() + (i * height + y) * width, width, sheet.pixels.begin() + to);
    }
  return sheet;
}

}  // namespace lemnos::io
