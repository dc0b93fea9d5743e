#include "io/jpeg.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jerror.h>
#include <jpeglib.h>

#include "base/text.h"

namespace lemnos::io {

namespace {

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

// Most of what libjpeg warns of means that it makes up pixels: damage. What touches no pixel passes.
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

/// A decoder and all that its calls need, made and ended as one.
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
    jpeg_mem_src(&state, const_cast<uint8_t*>(bytes_.data()), static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&state, TRUE);
    return true;
  }
  bool read_pixels(uint8_t* to, int64_t channels) {
    if (setjmp(report.back)) return false;
    state.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
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

}  // namespace

Image parse_jpeg(std::span<const uint8_t> file, const std::string& name, int64_t channels) {
  Decoder decoder(file);
  require(decoder.read_header(), ErrorCode::corrupt_data, name, ": damaged JPEG image: ", decoder.report.reason);
  const int64_t width = decoder.state.image_width, height = decoder.state.image_height;
  require(width * height <= kMaxPixels, ErrorCode::corrupt_data, name, ": claims ", width, " x ", height,
          " pixels, the limit is ", kMaxPixels);
  Image image{width, height, channels != 0 ? channels : decoder.state.num_components == 1 ? 1 : 3, {}};
  image.pixels.resize(static_cast<size_t>(width * height * image.channels));
  require(decoder.read_pixels(image.pixels.data(), image.channels), ErrorCode::corrupt_data, name,
          ": damaged JPEG image: ", decoder.report.reason);
  return image;
}

}  // namespace lemnos::io
