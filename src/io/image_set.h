// Labelled grey images of one size, as bytes in host memory, as the readers and the generator of digits return them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lemnos::io {

struct ImageSet {
  int64_t count = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t classes = 0;
  std::vector<uint8_t> pixels;  // [count, height, width], 0 is background, 255 is ink
  std::vector<int32_t> labels;  // [count], each below `classes`

  int64_t pixels_per_image() const { return height * width; }
  std::span<const uint8_t> image(int64_t index) const {
    return std::span(pixels).subspan(static_cast<size_t>(index * pixels_per_image()),
                                     static_cast<size_t>(pixels_per_image()));
  }
};

struct ImageSplit {
  ImageSet train;
  ImageSet test;
};

}  // namespace lemnos::io
