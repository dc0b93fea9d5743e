// A renderer that trains while it draws: one torus under a texture, one under a network that learns the texture on the
// same device and queue, in the same command buffer, within a budget of each frame.
//
//   06_train_in_a_frame [--frames N] [--training-ms T] [--steps N] [--pictures FOLDER]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "neural_texture.h"
#include "pictures.h"
#include "renderer.h"

namespace lm = lemnos;

namespace {

struct Options {
  int frames = 300;
  uint64_t steps = ~uint64_t{0};  // after so many the frames end too
  double training_ms = 0;         // of device time, in each frame; 0: as long as drawing takes
  std::string pictures;           // empty: none
};

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--frames") == 0) options.frames = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--steps") == 0) options.steps = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--training-ms") == 0) options.training_ms = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--pictures") == 0) options.pictures = argv[i + 1];
  }
  return options;
}

double milliseconds(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double middle(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

Network newest(NeuralTexture& texture) { return {texture.runner().published().parameters, texture.matrices()}; }

// One frame: training, then the scene under the weights of the last whole step.
lm::Advanced frame(Renderer& renderer, NeuralTexture& texture, float angle, double training_us) {
  lm::Advanced done;
  const VkCommandBuffer commands = renderer.begin();
  texture.runner().record(commands, {.microseconds = training_us}, {}, &done);
  renderer.draw_scene(commands, angle, newest(texture));
  renderer.finish(commands);
  return done;
}

// The same steps with no renderer around them.
bool same_without_renderer(Renderer& renderer, const lm::Device& device, NeuralTexture& texture, uint32_t steps) {
  NeuralTexture alone(device, renderer.texels(), Renderer::kTexture);
  if (alone.program().run(steps) != lm::Status::ok) return false;
  const bool same = alone.weights() == texture.weights();
  std::printf("%u steps without the renderer: loss %.6f, with it %.6f, weights %s\n", steps, alone.loss(),
              texture.loss(), same ? "equal bit for bit" : "DIFFERENT");
  return same;
}

int run(const Options& options) {
  Renderer renderer;
  const lm::Device device = lm::adopt(renderer.description());
  NeuralTexture texture(device, renderer.texels(), Renderer::kTexture);
  const std::vector<uint8_t> truth = renderer.truth();

  // How long drawing takes alone, and then, with a little training, what the steps cost.
  std::vector<double> drawing;
  for (int i = 0; i < 12; ++i) drawing.push_back(milliseconds([&] { frame(renderer, texture, 0, 0); }));
  const double training_ms = options.training_ms > 0 ? options.training_ms : middle(drawing);
  lm::Advanced done;
  for (int i = 0; i < 12; ++i) done = frame(renderer, texture, 0, 1000 * training_ms);
  Report report{.budget = 1.25 * (middle(drawing) + training_ms)};
  std::printf("%s: drawing takes %.1f ms, training may take %.1f ms, a frame %.1f ms\n", device.info().name.c_str(),
              middle(drawing), training_ms, report.budget);

  for (int i = 1; i == 1 || (i <= options.frames && done.total_steps < options.steps); ++i) {
    const float angle = .02f * static_cast<float>(i);
    report.milliseconds.push_back(milliseconds([&] { done = frame(renderer, texture, angle, 1000 * training_ms); }));
    if (i % 10 != 0 && i != 1) continue;
    report.frames.push_back(i);
    report.decibels.push_back(psnr(renderer.learned(newest(texture)), truth));
    if (i % 50 == 0 || i == 1)
      std::printf("frame %3d: %6llu steps, %.1f dB\n", i, static_cast<unsigned long long>(done.total_steps),
                  report.decibels.back());
    if (!options.pictures.empty()) {
      char name[32];
      std::snprintf(name, sizeof name, "frame_%03d.png", i);
      save_png(options.pictures + "/" + name, renderer.scene(), 2 * Renderer::kView);
    }
  }
  uint32_t steps = static_cast<uint32_t>(done.total_steps);
  if (done.step_done > 0) steps += texture.program().run(1) == lm::Status::ok ? 1 : 0;  // ends the step under way
  report.frames.push_back(static_cast<double>(report.milliseconds.size()));
  report.decibels.push_back(psnr(renderer.learned(newest(texture)), truth));
  const auto kept = std::ranges::count_if(report.milliseconds, [&](double t) { return t <= report.budget; });
  std::printf("%lld of %zu frames within %.1f ms, %.1f ms in the middle; %.1f dB\n", static_cast<long long>(kept),
              report.milliseconds.size(), report.budget, middle(report.milliseconds), report.decibels.back());
  char caption[256];
  std::snprintf(caption, sizeof caption, "%s, %s: %.0f of %.0f ms for training, %u steps", device.info().driver.c_str(),
                device.info().driver_version.c_str(), training_ms, report.budget, steps);
  report.caption = caption;
  if (!options.pictures.empty()) save_curves(options.pictures, report);
  const bool same = same_without_renderer(renderer, device, texture, steps);
  return same && report.decibels.back() >= 30 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try { return run(options_of(argc, argv)); } catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
