// The orientation of the camera, from a block of TIFF tags, and the rotation of the image to upright.
#pragma once

#include <cstdint>
#include <span>

#include "io/image.h"

namespace lemnos::io {

/// 1 (upright) to 8; 1 where the block has no such tag or is damaged: pixels are worth more than the note.
int exif_orientation(std::span<const uint8_t> tiff);

/// The image as it is to be looked at.
Image upright(Image image, int orientation);

}  // namespace lemnos::io
