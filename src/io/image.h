// One image of 8-bit pixels, from PNG and JPEG, and to PNG.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace lemnos::io {

struct Image {
  int64_t width = 0;
  int64_t height = 0;
  int64_t channels = 1;         // 1 grey, 3 RGB
  std::vector<uint8_t> pixels;  // [height, width, channels]
};

/// Larger images are refused: a few damaged bytes can promise gigabytes.
inline constexpr int64_t kMaxPixels = int64_t{1} << 27;

/// Decodes PNG or JPEG into `channels` (1 or 3; 0: grey stays grey, everything else becomes RGB; alpha is dropped, CMYK
/// is mixed). 16-bit pixels keep their upper byte; the image is turned as its EXIF orientation says. The checksum of
/// every part of a PNG is verified. Throws `not_found`, `io`, `corrupt_data` naming the file and the decoder's reason,
/// or `unsupported` for a JPEG in a build without libjpeg.
Image read_image(const std::filesystem::path& path, int64_t channels = 0, int64_t max_pixels = kMaxPixels);
Image parse_image(std::span<const uint8_t> file, const std::string& name, int64_t channels = 0,
                  int64_t max_pixels = kMaxPixels);

/// Throws `shape_mismatch` unless pixels has height * width * channels bytes and channels is 1 or 3.
void write_png(const std::filesystem::path& path, const Image& image);

/// Many images of equal size on one sheet, row by row with a line of `gap` pixels between them.
Image contact_sheet(std::span<const uint8_t> pixels, int64_t count, int64_t height, int64_t width, int64_t columns,
                    int64_t gap = 1);

}  // namespace lemnos::io
