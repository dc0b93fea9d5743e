#include "io/jpeg.h"

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include <jerror.h>
#include <jpeglib.h>

#include "base/text.h"
#include "io/exif.h"

namespace lemnos::io {

namespace {

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr int kMaxScans = 200;  // a damaged progressive file may hold thousands, each as long as the image

// libjpeg reports by calls that must not return; what follows them must have no destructors.
struct Report {
  jpeg_error_mgr calls;  // first: libjpeg knows the address of this part alone
  std::jmp_buf back;
  char reason[JMSG_LENGTH_MAX];
};

[[noreturn]] void give_up(j_common_ptr decoder) {
  auto* report = reinterpret_cast<Report*>(decoder->err);
  report->calls.format_message(decoder, report->reason);
  std::longjmp(report->back, 1);
}

// Most warnings of libjpeg mean that it invents pixels: damage. Warnings that affect no pixel are ignored.
void warned(j_common_ptr decoder, int level) {
  const int code = decoder->err->msg_code;
  const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_TOO_MUCH_DATA;
  if (level < 0 && !harmless) give_up(decoder);
}

void progressed(j_common_ptr decoder) {
  if (reinterpret_cast<j_decompress_ptr>(decoder)->input_scan_number <= kMaxScans) return;
  auto* report = reinterpret_cast<Report*>(decoder->err);
  std::snprintf(report->reason, sizeof report->reason, "more than %d scans", kMaxScans);
  std::longjmp(report->back, 1);
}

/// A decoder with its resources, created and destroyed together.
struct Decoder {
  jpeg_decompress_struct state{};
  jpeg_progress_mgr progress{};
  Report report{};

  explicit Decoder(std::span<const uint8_t> file) {
    state.err = jpeg_std_error(&report.calls);
    report.calls.error_exit = give_up;
    report.calls.emit_message = warned;
    bytes_ = file;
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&state); }

  /// False: see report.reason.
  bool read_header() {
    if (setjmp(report.back)) return false;
    jpeg_create_decompress(&state);
    progress.progress_monitor = progressed;
    state.progress = &progress;
    jpeg_save_markers(&state, kExifMarker, 0xffff);
    jpeg_mem_src(&state, const_cast<uint8_t*>(bytes_.data()), static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&state, TRUE);
    return true;
  }
  bool read_pixels(uint8_t* to, int64_t channels) {
    if (setjmp(report.back)) return false;
    state.out_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&state);
    while (state.output_scanline < state.output_height) {
      JSAMPROW row = to + size_t{state.output_scanline} * state.output_width * static_cast<size_t>(channels);
      jpeg_read_scanlines(&state, &row, 1);
    }
    jpeg_finish_decompress(&state);
    return true;
  }

 private:
  std::span<const uint8_t> bytes_;
};

int orientation_of(const jpeg_decompress_struct& state) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  for (jpeg_saved_marker_ptr marker = state.marker_list; marker; marker = marker->next) {
    const std::span<const uint8_t> data(marker->data, marker->data_length);
    if (marker->marker == kExifMarker && data.size() >= kExif.size() &&
        std::equal(kExif.begin(), kExif.end(), data.begin(),
                   [](char a, uint8_t b) { return a == static_cast<char>(b); }))
      return exif_orientation(data.subspan(kExif.size()));
  }
  return 1;
}

// Inks to light. Adobe's programs, which are known by their marker, write 255 for no ink.
std::vector<uint8_t> mixed(const std::vector<uint8_t>& inks, bool inverted, int64_t channels) {
  std::vector<uint8_t> pixels;
  pixels.reserve(inks.size() / 4 * static_cast<size_t>(channels));
  for (size_t at = 0; at < inks.size(); at += 4) {
    double light[4];
    for (size_t i = 0; i < 4; ++i) light[i] = inverted ? inks[at + i] : 255 - inks[at + i];
    for (size_t i = 0; i < 3; ++i) light[i] *= light[3] / 255;
    if (channels == 1)
      pixels.push_back(static_cast<uint8_t>(std::lround(.299 * light[0] + .587 * light[1] + .114 * light[2])));
    else
      for (size_t i = 0; i < 3; ++i) pixels.push_back(static_cast<uint8_t>(std::lround(light[i])));
  }
  return pixels;
}

}  // namespace

Image parse_jpeg(std::span<const uint8_t> file, const std::string& name, int64_t channels, int64_t max_pixels) {
  Decoder decoder(file);
  require(decoder.read_header(), ErrorCode::corrupt_data, name, ": damaged JPEG image: ", decoder.report.reason);
  const int64_t width = decoder.state.image_width, height = decoder.state.image_height;
  require(width * height <= max_pixels, ErrorCode::corrupt_data, name, ": claims ", width, " x ", height,
          " pixels, the limit is ", max_pixels);
  const int parts = decoder.state.num_components;
  require(parts == 1 || parts == 3 || parts == 4, ErrorCode::unsupported, name, ": is a JPEG image of ", parts,
          " components, supported are grey, RGB and CMYK");
  Image image{width, height, channels != 0 ? channels : parts == 1 ? 1 : 3, {}};
  const int orientation = orientation_of(decoder.state);
  const bool inks = parts == 4, inverted = decoder.state.saw_Adobe_marker != 0;
  const int64_t decoded = inks ? 4 : image.channels;
  image.pixels.resize(static_cast<size_t>(width * height * decoded));
  require(decoder.read_pixels(image.pixels.data(), decoded), ErrorCode::corrupt_data, name,
          ": damaged JPEG image: ", decoder.report.reason);
  if (inks) image.pixels = mixed(image.pixels, inverted, image.channels);
  return upright(std::move(image), orientation);
}

}  // namespace lemnos::io
