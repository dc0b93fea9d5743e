#include "io/image.h"

#include "io_test.h"

namespace lemnos::io {
namespace {

using test::Bytes;

TEST(Image, PngKeepsEveryPixel) {
  const test::TemporaryFolder folder;
  for (const int64_t channels : {1, 3}) {
    Image image{5, 3, channels, {}};
    for (int64_t i = 0; i < 15 * channels; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 17));
    write_png(folder / "a.png", image);
    const Image back = read_image(folder / "a.png");
    EXPECT_EQ(back.width, 5);
    EXPECT_EQ(back.height, 3);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.pixels, image.pixels);
  }
  EXPECT_EQ(read_image(folder / "a.png", 1).pixels.size(), 15u);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.png"});
}

TEST(Image, RefusesWhatItCannotRead) {
  const test::TemporaryFolder folder;
  EXPECT_REFUSED_WITH(read_image(folder / "none"), not_found, (folder / "none").string(), "cannot open");
  EXPECT_REFUSED_WITH(parse_image(Bytes{1, 2, 3}, "i"), corrupt_data, "i: is neither a PNG nor a JPEG image: ", "");
  EXPECT_REFUSED(parse_image(Bytes{}, "i", 2), invalid_argument, "i: 2 channels asked for, there may be 0, 1 or 3");
  write_png(folder / "a.png", {4, 4, 1, Bytes(16, 9)});
  const Bytes good = test::bytes_of(test::get(folder / "a.png"));
  EXPECT_REFUSED_WITH(parse_image(std::span(good).first(50), "i"), corrupt_data, "i: ", "");
}

TEST(Image, RefusesPixelsThatDoNotFit) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a.png").string();
  EXPECT_REFUSED(write_png(path, {4, 4, 1, Bytes(15)}), shape_mismatch, path + ": 4 x 4 x 1 takes 16 bytes, given 15");
  EXPECT_REFUSED(write_png(path, {4, 4, 2, Bytes(32)}), shape_mismatch,
                 path + ": 2 channels given, there may be 1 or 3");
  EXPECT_REFUSED(write_png(path, {0, 4, 1, {}}), shape_mismatch, path + ": 0 x 4 pixels, there may be 1 to 134217728");
}

TEST(Image, ContactSheetPlacesRowByRow) {
  const Image sheet = contact_sheet(Bytes{1, 2, 3}, 3, 1, 1, 2, 1);
  EXPECT_EQ(sheet.width, 5);
  EXPECT_EQ(sheet.height, 5);
  EXPECT_EQ(sheet.pixels[5 + 1], 1);
  EXPECT_EQ(sheet.pixels[5 + 3], 2);
  EXPECT_EQ(sheet.pixels[15 + 1], 3);
  EXPECT_EQ(sheet.pixels[0], 64);
  EXPECT_REFUSED(contact_sheet(Bytes(3), 2, 2, 1, 2), shape_mismatch, "contact_sheet: 2 images take 4 bytes, given 3");
}

}  // namespace
}  // namespace lemnos::io
