#include "io/image.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "base/text.h"
#include "io/file.h"
#include "io/jpeg.h"

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

Image parse_image(std::span<const uint8_t> file, const std::string& name, int64_t channels) {
  require(channels == 0 || channels == 1 || channels == 3, ErrorCode::invalid_argument, name, ": ", channels,
          " channels asked for, there may be 0, 1 or 3");
  require(file.size() <= static_cast<size_t>(std::numeric_limits<int>::max()), ErrorCode::unsupported, name, ": has ",
          file.size(), " bytes, the limit is ", std::numeric_limits<int>::max());
  if (is_jpeg(file)) return parse_jpeg(file, name, channels);
  const auto size = static_cast<int>(file.size());
  int width = 0, height = 0, stored = 0;
  require(stbi_info_from_memory(file.data(), size, &width, &height, &stored) != 0, ErrorCode::corrupt_data, name,
          ": is neither a PNG nor a JPEG image: ", stbi_failure_reason());
  require(int64_t{width} * height <= kMaxPixels, ErrorCode::corrupt_data, name, ": claims ", width, " x ", height,
          " pixels, the limit is ", kMaxPixels);
  const int wanted = channels != 0 ? static_cast<int>(channels) : stored <= 2 ? 1 : 3;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(file.data(), size, &width, &height, &stored, wanted), stbi_image_free);
  require(pixels != nullptr, ErrorCode::corrupt_data, name, ": damaged image: ", stbi_failure_reason());
  Image image{width, height, wanted, {}};
  image.pixels.assign(pixels.get(), pixels.get() + size_t(width) * size_t(height) * size_t(wanted));
  return image;
}

Image read_image(const std::filesystem::path& path, int64_t channels) {
  return parse_image(read_file(path), path.string(), channels);
}

void write_png(const std::filesystem::path& path, const Image& image) {
  const std::string name = path.string();
  require(image.channels == 1 || image.channels == 3, ErrorCode::shape_mismatch, name, ": ", image.channels,
          " channels given, there may be 1 or 3");
  require(image.width >= 1 && image.height >= 1 && image.width <= kMaxPixels && image.height <= kMaxPixels &&
              image.width * image.height <= kMaxPixels,
          ErrorCode::shape_mismatch, name, ": ", image.width, " x ", image.height, " pixels, there may be 1 to ",
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
