// The sample's output: frames as PNG, curves as SVG. Not needed in a renderer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Peak signal to noise of 8-bit colours, in decibels; alpha does not count.
double psnr(const std::vector<uint8_t>& rgba, const std::vector<uint8_t>& truth);
void save_png(const std::filesystem::path& path, const std::vector<uint8_t>& rgba, int64_t width);

/// The measurements of a run.
struct Report {
  std::vector<double> frames, decibels;  // frame and PSNR of each measurement
  std::vector<double> milliseconds;      // of each frame
  double budget = 0;                     // milliseconds
  std::string caption;
};
/// psnr.svg and frame_time.svg.
void save_curves(const std::filesystem::path& folder, const Report& report);
