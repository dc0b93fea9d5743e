#include "io/image.h"

#include <string>
#include <utility>

#include "io/exif.h"
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
  EXPECT_REFUSED_WITH(parse_image(Bytes{1, 2, 3}, "i"), corrupt_data, "i: is neither a PNG nor a JPEG image", "");
  EXPECT_REFUSED(parse_image(Bytes{}, "i", 2), invalid_argument, "i: 2 channels requested, expected 0, 1 or 3");
  write_png(folder / "a.png", {4, 4, 1, Bytes(16, 9)});
  const Bytes good = test::bytes_of(test::get(folder / "a.png"));
  EXPECT_REFUSED_WITH(parse_image(std::span(good).first(50), "i"), corrupt_data, "i: ", "");
}

// The decoder itself does not look at the checksums: of the one-bit flips of a photograph it read half without a word.
TEST(Image, EveryFlippedBitOfAPngIsFound) {
  const test::TemporaryFolder folder;
  Image image{32, 24, 3, {}};
  for (int i = 0; i < 32 * 24 * 3; ++i) image.pixels.push_back(static_cast<uint8_t>(i * i / 7 + i % 13));
  write_png(folder / "a.png", image);
  const Bytes good = test::bytes_of(test::get(folder / "a.png"));
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    const auto refused = test::refusal([&] { parse_image(bad, "i"); });
    ASSERT_EQ(refused.code, ErrorCode::corrupt_data) << "bit " << bit << ": " << refused.message;
    ASSERT_TRUE(refused.message.starts_with("i: ")) << refused.message;
  }
}

// The reason is the one of this file: not of the file before, and never empty.
TEST(Image, NamesTheDecodersReason) {
  const test::TemporaryFolder folder;
  write_png(folder / "a.png", {4, 4, 1, Bytes(16, 9)});
  const Bytes good = test::bytes_of(test::get(folder / "a.png"));
  Bytes flipped = good;
  flipped[20] ^= 1;
  EXPECT_REFUSED(parse_image(flipped, "i"), corrupt_data,
                 "i: damaged PNG image: the checksum of the chunk \"IHDR\" at byte 8 is wrong");
  EXPECT_REFUSED(parse_image(std::span(good).first(good.size() - 4), "i"), corrupt_data,
                 "i: damaged PNG image: it ends at byte " + std::to_string(good.size() - 4) + ", within a chunk");
  // Whole chunks, the first of which is no header
  const Bytes end(good.end() - 12, good.end());
  EXPECT_REFUSED(parse_image(test::join({Bytes(good.begin(), good.begin() + 8), end}), "i"), corrupt_data,
                 "i: damaged PNG image: it does not begin with its header");
  EXPECT_REFUSED(parse_image(good, "i", 0, 15), corrupt_data, "i: claims 4 x 4 pixels, the limit is 15");
}

TEST(Image, IsUprightForEveryOrientation) {
  // Stored so, "abc/def" is to be seen as:
  const std::pair<const char*, int64_t> seen[] = {{"abcdef", 3}, {"cbafed", 3}, {"fedcba", 3}, {"defabc", 3},
                                                  {"adbecf", 2}, {"daebfc", 2}, {"fcebda", 2}, {"cfbead", 2}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto& [pixels, width] = seen[orientation - 1];
    const Image image = upright({3, 2, 1, test::bytes_of("abcdef")}, orientation);
    EXPECT_EQ(std::string(image.pixels.begin(), image.pixels.end()), pixels) << orientation;
    EXPECT_EQ(image.width, width) << orientation;
    EXPECT_EQ(image.height, 6 / width) << orientation;
  }
  EXPECT_EQ(upright({1, 2, 3, {1, 2, 3, 4, 5, 6}}, 6).pixels, (Bytes{4, 5, 6, 1, 2, 3}));
}

TEST(Image, ReadsTheOrientationOrTakesItForUpright) {
  const Bytes little{'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
  const Bytes big{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0};
  EXPECT_EQ(exif_orientation(little), 6);
  EXPECT_EQ(exif_orientation(big), 6);
  for (const Bytes& good : {little, big}) {
    for (size_t size = 0; size < good.size(); ++size) EXPECT_EQ(exif_orientation(std::span(good).first(size)), 1);
    for (size_t at = 0; at < good.size(); ++at)
      for (const uint8_t flip : {0x01, 0x80, 0xff}) {
        Bytes bad = good;
        bad[at] ^= flip;
        const int read = exif_orientation(bad);
        EXPECT_TRUE(read >= 1 && read <= 8) << read;
      }
  }
}

TEST(Image, RefusesPixelsThatDoNotFit) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a.png").string();
  EXPECT_REFUSED(write_png(path, {4, 4, 1, Bytes(15)}), shape_mismatch, path + ": 4 x 4 x 1 takes 16 bytes, given 15");
  EXPECT_REFUSED(write_png(path, {4, 4, 2, Bytes(32)}), shape_mismatch, path + ": 2 channels, expected 1 or 3");
  EXPECT_REFUSED(write_png(path, {0, 4, 1, {}}), shape_mismatch, path + ": 0 x 4 pixels, expected 1 to 134217728");
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
