// Where the build found no libjpeg, a JPEG is refused by name.
#include "io/image.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

TEST(Jpeg, IsRefusedWithoutLibjpeg) {
  EXPECT_REFUSED(parse_image(test::Bytes{0xff, 0xd8, 0xff, 0xe0}, "i"), unsupported,
                 "i: is a JPEG image, and this build has no JPEG reader (libjpeg was not found)");
}

}  // namespace
}  // namespace lemnos::io
