#include "io/exif.h"

#include <bit>
#include <utility>

#include "io/bytes.h"

namespace lemnos::io {

int exif_orientation(std::span<const uint8_t> tiff) {
  constexpr uint16_t kOrientation = 0x0112, kShort = 3;
  constexpr size_t kEntry = 12;
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const std::endian order = tiff[0] == 'I' ? std::endian::little : std::endian::big;
  const size_t table = load<uint32_t>(tiff.data() + 4, order);
  if (table > tiff.size() - 2) return 1;
  const size_t entries = load<uint16_t>(tiff.data() + table, order);
  for (size_t i = 0; i < entries && table + 2 + (i + 1) * kEntry <= tiff.size(); ++i) {
    const uint8_t* entry = tiff.data() + table + 2 + i * kEntry;
    if (load<uint16_t>(entry, order) != kOrientation) continue;
    const uint16_t value = load<uint16_t>(entry + 8, order);
    return load<uint16_t>(entry + 2, order) == kShort && value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool lies = orientation >= 5;
  const int64_t width = lies ? image.height : image.width, height = lies ? image.width : image.height;
  Image turned{width, height, image.channels, {}};
  turned.pixels.reserve(image.pixels.size());
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      // Where this pixel was stored: mirrored across, down, or both, after the axes are exchanged.
      int64_t row = lies ? x : y, column = lies ? y : x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) row = image.height - 1 - row;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
        column = image.width - 1 - column;
      const auto from = image.pixels.begin() + (row * image.width + column) * image.channels;
      turned.pixels.insert(turned.pixels.end(), from, from + image.channels);
    }
  return turned;
}

}  // namespace lemnos::io
