// A renderer that trains while it draws: one torus under a texture, one under a network that learns the texture on the
// same device and queue, in the same command buffer, within a budget of each frame.
//
//   06_train_in_a_frame [--window] [--frames N] [--training-ms T] [--steps N] [--pictures FOLDER]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "neural_texture.h"
#include "pictures.h"
#include "renderer.h"

namespace lm = lemnos;

namespace {

struct Options {
  bool window = false;
  int frames = 0;                 // 0: 300 off-screen; with a window until it is closed
  uint64_t steps = ~uint64_t{0};  // ends after this number of training steps
  double training_ms = 0;         // device time in each frame; 0: the time of drawing
  std::string pictures;           // empty: none
};

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto value = [&] {
      if (++i == argc) throw std::runtime_error(std::string(name) + " needs a value");
      return argv[i];
    };
    if (name == "--window")
      options.window = true;
    else if (name == "--frames")
      options.frames = std::atoi(value());
    else if (name == "--steps")
      options.steps = std::strtoull(value(), nullptr, 10);
    else if (name == "--training-ms")
      options.training_ms = std::atof(value());
    else if (name == "--pictures")
      options.pictures = value();
    else
      throw std::runtime_error("unknown option " + std::string(name) + "; main.cpp says what there is");
  }
  if (options.frames == 0) options.frames = options.window ? std::numeric_limits<int>::max() : 300;
  return options;
}

double milliseconds(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// The quantile `share` of the values.
double quantile(std::vector<double> values, double share) {
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size()));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}
double middle(const std::vector<double>& values) { return quantile(values, .5); }

Network newest(NeuralTexture& texture) { return {texture.runner().published().parameters, texture.place()}; }

// One frame: training, then the scene under the weights of the last whole step.
lm::Advanced frame(Renderer& renderer, NeuralTexture& texture, float angle, double training_us) {
  lm::Advanced done;
  const VkCommandBuffer commands = renderer.begin();
  texture.runner().record(commands, {.microseconds = training_us}, {}, &done);
  renderer.draw_scene(commands, angle, newest(texture));
  renderer.finish(commands);
  return done;
}

// The same steps without a renderer.
bool same_without_renderer(Renderer& renderer, const lm::Device& device, NeuralTexture& texture, uint32_t steps) {
  NeuralTexture alone(device, renderer.texels(), Renderer::kTexture);
  if (alone.program().run(steps) != lm::Status::ok) return false;
  const bool same = alone.weights() == texture.weights();
  std::printf("%u steps without the renderer: loss %.6f, with it %.6f, weights %s\n", steps, alone.loss(),
              texture.loss(), same ? "equal bit for bit" : "DIFFERENT");
  return same;
}

// Compares the network's texture with the truth, in some frames.
void look(Renderer& renderer, NeuralTexture& texture, int frame, const Options& options, Report& report) {
  report.frames.push_back(frame);
  report.decibels.push_back(psnr(renderer.learned(newest(texture)), renderer.truth()));
  if (frame % 50 == 0 || frame == 1)
    std::printf("frame %3d: %6llu steps, %.1f dB\n", frame,
                static_cast<unsigned long long>(texture.runner().published().steps), report.decibels.back());
  if (options.pictures.empty()) return;
  char name[32];
  std::snprintf(name, sizeof name, "frame_%03d.png", frame);
  save_png(options.pictures + "/" + name, renderer.scene(), 2 * Renderer::kView);
}

// Shows the PSNR in the title; false once the window is closed.
bool shown(Window& window, const Report& report) {
  char title[64];
  std::snprintf(title, sizeof title, "texture | network, %.1f dB", report.decibels.back());
  window.rename(title);
  return window.open();
}

// Measures drawing alone from all angles (the 90 % quantile); then, with some training, the cost of the steps.
double measure(Renderer& renderer, NeuralTexture& texture, double& training_ms) {
  std::vector<double> drawing;
  for (int i = 0; i < 32; ++i)
    drawing.push_back(milliseconds([&] { frame(renderer, texture, .2f * static_cast<float>(i), 0); }));
  if (training_ms <= 0) training_ms = middle(drawing);
  for (int i = 0; i < 12; ++i) frame(renderer, texture, 0, 1000 * training_ms);
  return quantile(drawing, .9);
}

int run(const Options& options) {
  std::optional<Window> window;
  if (options.window) window.emplace(4 * Renderer::kView, 2 * Renderer::kView, "texture | network");
  Renderer renderer(window ? &*window : nullptr);
  const lm::Device device = lm::adopt(renderer.description());
  NeuralTexture texture(device, renderer.texels(), Renderer::kTexture);

  double training_ms = options.training_ms;
  const double drawing_ms = measure(renderer, texture, training_ms);
  Report report{.budget = 1.25 * (drawing_ms + training_ms)};
  std::printf("%s: drawing takes %.1f ms, training may take %.1f ms, a frame %.1f ms\n", device.info().name.c_str(),
              drawing_ms, training_ms, report.budget);

  lm::Advanced done;
  bool closed = false;
  for (int i = 1; i <= options.frames && done.total_steps < options.steps && !closed; ++i) {
    const float angle = .02f * static_cast<float>(i);
    report.milliseconds.push_back(milliseconds([&] { done = frame(renderer, texture, angle, 1000 * training_ms); }));
    if (i % 10 == 0 || i == 1) look(renderer, texture, i, options, report);
    if (window) closed = !shown(*window, report);
  }
  uint32_t steps = static_cast<uint32_t>(done.total_steps);
  if (done.step_done > 0) steps += texture.program().run(1) == lm::Status::ok ? 1 : 0;  // finishes the current step
  report.frames.push_back(static_cast<double>(report.milliseconds.size()));
  report.decibels.push_back(psnr(renderer.learned(newest(texture)), renderer.truth()));
  const auto kept = std::ranges::count_if(report.milliseconds, [&](double t) { return t <= report.budget; });
  std::printf("%lld of %zu frames within %.1f ms, %.1f ms in the middle; %.1f dB\n", static_cast<long long>(kept),
              report.milliseconds.size(), report.budget, middle(report.milliseconds), report.decibels.back());
  char caption[256];
  std::snprintf(caption, sizeof caption, "%s, %s: %.0f of %.0f ms for training, %u steps", device.info().driver.c_str(),
                device.info().driver_version.c_str(), training_ms, report.budget, steps);
  report.caption = caption;
  if (!options.pictures.empty()) save_curves(options.pictures, report);
  if (closed) return 0;  // no repetition after the user closed the window
  const bool same = same_without_renderer(renderer, device, texture, steps);
  return same && report.decibels.back() >= 30 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try { return run(options_of(argc, argv)); } catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
