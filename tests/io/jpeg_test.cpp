// JPEG images, made here by libjpeg.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "io/exif.h"
#include "io/image.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

using test::Bytes;

/// Smooth, so that what compression loses is little.
Image slopes(int64_t width, int64_t height, int64_t channels) {
  Image image{width, height, channels, {}};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < channels; ++c)
        image.pixels.push_back(static_cast<uint8_t>(40 + 3 * x + 2 * y + (c == 1 ? 60 - 4 * x : 30 * c)));
  return image;
}

struct Encoding {
  bool progressive = false;
  bool as_ycck = false;  // four inks as lightness, colour and black
  bool adobe = true;     // its marker, where the colours call for it
  int orientation = 0;   // 0: no note
};

Bytes encoded(const Image& image, const Encoding& options = {}) {
  jpeg_compress_struct state{};
  jpeg_error_mgr errors;
  state.err = jpeg_std_error(&errors);
  jpeg_create_compress(&state);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&state, &out, &size);
  state.image_width = static_cast<JDIMENSION>(image.width);
  state.image_height = static_cast<JDIMENSION>(image.height);
  state.input_components = static_cast<int>(image.channels);
  state.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&state);
  if (options.as_ycck) jpeg_set_colorspace(&state, JCS_YCCK);
  if (!options.adobe) state.write_Adobe_marker = FALSE;
  jpeg_set_quality(&state, 100, TRUE);
  if (options.progressive) jpeg_simple_progression(&state);
  jpeg_start_compress(&state, TRUE);
  const uint8_t exif[] = {'E', 'x', 'i', 'f', 0,    0, 'M', 'M', 0, 42, 0, 0, 0,
                          8,   0,   1,   1,   0x12, 0, 3,   0,   0, 0,  1, 0, static_cast<uint8_t>(options.orientation),
                          0,   0};
  if (options.orientation) jpeg_write_marker(&state, JPEG_APP0 + 1, exif, sizeof exif);
  while (state.next_scanline < state.image_height) {
    const auto at = static_cast<size_t>(state.next_scanline * state.image_width) * static_cast<size_t>(image.channels);
    auto* row = const_cast<uint8_t*>(image.pixels.data()) + at;
    jpeg_write_scanlines(&state, &row, 1);
  }
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  Bytes bytes(out, out + size);
  std::free(out);
  return bytes;
}

int largest_difference(const Image& a, const Image& b) {
  int largest = a.pixels.size() == b.pixels.size() ? 0 : 256;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i)
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  return largest;
}

TEST(Jpeg, GivesItsPixels) {
  for (const int64_t channels : {1, 3})
    for (const bool progressive : {false, true}) {
      const Image want = slopes(21, 13, channels);
      const Image got = parse_image(encoded(want, {.progressive = progressive}), "i");
      EXPECT_EQ(got.width, 21);
      EXPECT_EQ(got.height, 13);
      EXPECT_EQ(got.channels, channels);
      // At the highest quality a coefficient is rounded to a whole number; colour is stored at half the resolution.
      EXPECT_LE(largest_difference(got, want), channels == 1 ? 2 : 12) << "progressive: " << progressive;
    }
}

TEST(Jpeg, BecomesGreyOrColour) {
  const Image grey = slopes(16, 8, 1);
  const Image as_colour = parse_image(encoded(grey), "i", 3);
  ASSERT_EQ(as_colour.pixels.size(), 16u * 8 * 3);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    EXPECT_EQ(as_colour.pixels[3 * i], as_colour.pixels[3 * i + 2]);
    EXPECT_NEAR(as_colour.pixels[3 * i], grey.pixels[i], 2);
  }
  const Image colour = slopes(16, 8, 3), as_grey = parse_image(encoded(colour), "i", 1);
  ASSERT_EQ(as_grey.pixels.size(), 16u * 8);
  for (size_t i = 0; i < as_grey.pixels.size(); ++i) {
    const uint8_t* p = colour.pixels.data() + 3 * i;
    EXPECT_NEAR(as_grey.pixels[i], .299 * p[0] + .587 * p[1] + .114 * p[2], 3);
  }
}

// Cyan, magenta, yellow and black of one colour, as Adobe's programs and as others write them.
TEST(Jpeg, ConvertsCmyk) {
  struct Inks {
    uint8_t c, m, y, k;
    int red, green, blue;
  };
  for (const Inks& inks :
       {Inks{0, 0, 0, 0, 255, 255, 255}, Inks{0, 0, 0, 255, 0, 0, 0}, Inks{255, 0, 0, 0, 0, 255, 255},
        Inks{0, 255, 255, 0, 255, 0, 0}, Inks{51, 102, 0, 51, 163, 122, 204}})
    for (const bool adobe : {true, false})
      for (const bool as_ycck : {true, false}) {
        if (as_ycck && !adobe) continue;  // without the marker nobody knows
        Image image{16, 16, 4, {}};
        for (int i = 0; i < 256; ++i)
          for (const uint8_t ink : {inks.c, inks.m, inks.y, inks.k})
            image.pixels.push_back(adobe ? static_cast<uint8_t>(255 - ink) : ink);
        const Bytes file = encoded(image, {.as_ycck = as_ycck, .adobe = adobe});
        const Image got = parse_image(file, "i");
        ASSERT_EQ(got.channels, 3);
        ASSERT_EQ(got.pixels.size(), 16u * 16 * 3);
        EXPECT_NEAR(got.pixels[0], inks.red, 3) << adobe << as_ycck;
        EXPECT_NEAR(got.pixels[1], inks.green, 3) << adobe << as_ycck;
        EXPECT_NEAR(got.pixels[2], inks.blue, 3) << adobe << as_ycck;
        EXPECT_NEAR(parse_image(file, "i", 1).pixels[0], .299 * inks.red + .587 * inks.green + .114 * inks.blue, 3);
      }
}

TEST(Jpeg, IsTurnedAsItsOrientationSays) {
  const Image stored = slopes(24, 16, 1);
  for (int orientation = 0; orientation <= 9; ++orientation) {
    const Image want = upright(stored, orientation >= 1 && orientation <= 8 ? orientation : 1);
    const Image got = parse_image(encoded(stored, {.orientation = orientation}), "i");
    EXPECT_EQ(got.width, want.width) << orientation;
    EXPECT_LE(largest_difference(got, want), 2) << orientation;
  }
}

TEST(Jpeg, DamageIsRefusedWithFileAndReason) {
  const Bytes good = encoded(slopes(64, 48, 3));
  EXPECT_REFUSED_WITH(parse_image(std::span(good).first(good.size() / 2), "i"), corrupt_data,
                      "i: damaged JPEG image: ", "Premature end of JPEG file");
  EXPECT_REFUSED_WITH(parse_image(std::span(good).first(20), "i"), corrupt_data, "i: damaged JPEG image: ", "");
  EXPECT_REFUSED_WITH(parse_image(Bytes{0xff, 0xd8, 0xff, 0xd9}, "i"), corrupt_data, "i: damaged JPEG image: ", "");
  // Every single byte of the head and some of the body turned over: an image or a refusal, never anything else.
  for (size_t at = 2; at < good.size(); at += at < 640 ? 1 : 37) {
    Bytes bad = good;
    bad[at] ^= 0xff;
    try {
      EXPECT_GT(parse_image(bad, "i").pixels.size(), 0u);
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("i: ")) << error.what();
    }
  }
}

TEST(Jpeg, AFewBytesCannotClaimThousandsOfPixels) {
  Bytes huge = encoded(slopes(16, 16, 1));
  const Bytes frame{0xff, 0xc0};
  const auto at = std::search(huge.begin(), huge.end(), frame.begin(), frame.end()) - huge.begin();
  for (const int byte : {5, 6, 7, 8}) huge[static_cast<size_t>(at + byte)] = 0xfa;
  EXPECT_REFUSED(parse_image(huge, "i"), corrupt_data, "i: claims 64250 x 64250 pixels, the limit is 134217728");
}

}  // namespace
}  // namespace lemnos::io
