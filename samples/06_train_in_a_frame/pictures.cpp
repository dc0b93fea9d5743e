#include "pictures.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "io/image.h"
#include "lemnos/plot.h"

namespace io = lemnos::io;

double psnr(const std::vector<uint8_t>& rgba, const std::vector<uint8_t>& truth) {
  double squares = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double apart = i % 4 == 3 ? 0 : double{1} * rgba[i] - truth[i];
    squares += apart * apart;
  }
  const double mean = squares / (static_cast<double>(truth.size()) * 3 / 4);
  return 10 * std::log10(255. * 255. / std::max(mean, 1e-9));
}

void save_png(const std::filesystem::path& path, const std::vector<uint8_t>& rgba, int64_t width) {
  io::Image image{.width = width, .height = static_cast<int64_t>(rgba.size()) / 4 / width, .channels = 3};
  for (size_t i = 0; i < rgba.size(); ++i)
    if (i % 4 != 3) image.pixels.push_back(rgba[i]);
  io::write_png(path, image);
}

void save_curves(const std::filesystem::path& folder, const Report& report) {
  const auto save = [&](const char* name, const io::Figure& figure) {
    std::ofstream(folder / name) << io::to_svg(figure);
  };
  const double last = static_cast<double>(report.milliseconds.size());
  save("psnr.svg",
       {.caption = report.caption,
        .panels = {{.title = "The network's texture against the truth",
                    .x = {.title = "frame"},
                    .y = {.title = "PSNR, dB"},
                    .marks = {io::Line{.x = report.frames, .y = report.decibels, .label = "network"},
                              io::Line{.x = {0, last}, .y = {30, 30}, .label = "30 dB", .dashed = true}}}}});
  const double most = std::max(report.budget, *std::ranges::max_element(report.milliseconds)) * 1.05;
  io::Bars bars = io::histogram(report.milliseconds, 40, 0., most);
  bars.label = "frames";
  const double top = *std::ranges::max_element(bars.heights);
  save("frame_time.svg", {.caption = report.caption,
                          .panels = {{.title = "Time of a frame, drawing and training",
                                      .x = {.title = "milliseconds", .min = 0.},
                                      .y = {.title = "frames", .min = 0.},
                                      .marks = {bars, io::Line{.x = {report.budget, report.budget},
                                                               .y = {0, top},
                                                               .label = "budget",
                                                               .dashed = true}}}}});
}
