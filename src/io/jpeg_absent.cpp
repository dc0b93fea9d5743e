// The build without libjpeg.
#include "base/text.h"
#include "io/jpeg.h"

namespace lemnos::io {

Image parse_jpeg(std::span<const uint8_t>, const std::string& name, int64_t, int64_t) {
  fail(ErrorCode::unsupported, name, ": is a JPEG image, and this build has no JPEG reader (libjpeg was not found)");
}

}  // namespace lemnos::io
