// JPEG, by libjpeg where the build found it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/image.h"

namespace lemnos::io {

/// Whether a file begins as every JPEG does.
bool is_jpeg(std::span<const uint8_t> file);

/// Decodes a JPEG as parse_image() does. Throws `corrupt_data` naming the file and the decoder's reason, also where the
/// decoder would invent missing pixels; `unsupported` in a build without libjpeg.
Image parse_jpeg(std::span<const uint8_t> file, const std::string& name, int64_t channels, int64_t max_pixels);

}  // namespace lemnos::io
