// A data set that need not fit the device. The device holds two windows of it: one is filled while steps use the other.
// Reading is made as slow as the steps, as from a disk, and a timeline shows that it costs almost nothing.
//
//   14_larger_than_memory [ROWS [PICTURE.svg]]

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;
using Clock = std::chrono::steady_clock;

constexpr int64_t kBatch = 64, kWindow = 8 * kBatch;

// A row of a timeline: start and end of each, in seconds of the epoch.
using Bars = std::vector<std::pair<double, double>>;

lm::io::Line line_of(const Bars& bars, double height) {
  lm::io::Line line{.width = 22};
  for (const auto& [begin, end] : bars) {
    line.x.insert(line.x.end(), {begin, end, NAN});
    line.y.insert(line.y.end(), {height, height, NAN});
  }
  return line;
}

int main(int argc, char** argv) try {
  const lm::data::Dataset set = lm::data::digits(argc > 1 ? std::atoll(argv[1]) : 8192, 1).train;
  lm::Trainer trainer{lm::Device::best(),
                      lm::nn::sequential({lm::nn::Flatten{}, lm::nn::Linear{.out = 512}, lm::nn::Relu{},
                                          lm::nn::Linear{.out = 256}, lm::nn::Relu{}, lm::nn::Linear{.out = 10}})};

  // Rows come from memory here; the function could read a file or generate them instead.
  lm::data::Source source = lm::data::source_of(set);
  source.window = kWindow;
  double wait = 0;  // seconds that a window takes to read
  Bars steps, reading;
  Clock::time_point start;
  const auto now = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  source.read = [&, read = source.read](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
    const double begin = now();
    read(rows, columns);
    std::this_thread::sleep_for(std::chrono::duration<double>(wait));
    reading.emplace_back(begin, now());
  };
  const auto epoch = [&] {
    steps.clear();
    reading.clear();
    start = Clock::now();
    double begun = 0;
    const auto seen = [&](const lm::Progress&) {
      steps.emplace_back(begun, now());
      begun = now();
      return true;
    };
    return trainer.fit(source, {.batch_size = kBatch, .verbosity = lm::Verbosity::silent, .on_progress = seen});
  };

  const lm::History first = epoch(), alone = epoch();
  const Bars steps_alone = steps;
  wait = alone.last("seconds") / static_cast<double>(source.rows / kWindow);
  const lm::History both = epoch();
  std::printf("%s: %lld rows, %lld of them on the device at a time\n", trainer.device().info().name.c_str(),
              static_cast<long long>(source.rows), static_cast<long long>(2 * kWindow));
  const double alone_seconds = alone.last("seconds"), reading_seconds = both.last("load_seconds");
  std::printf("steps alone          %7.3f s\n", alone_seconds);
  std::printf("reading              %7.3f s\n", reading_seconds);
  std::printf("one after the other  %7.3f s\n", alone_seconds + reading_seconds);
  std::printf("beside each other    %7.3f s\n", both.last("seconds"));
  if (argc > 2) {
    const lm::io::Panel panel{.x = {.title = "seconds of an epoch", .min = 0},
                              .y = {.min = -.6, .max = 2.6, .names = {"reading", "steps beside it", "steps alone"}},
                              .marks = {line_of(steps_alone, 2), line_of(steps, 1), line_of(reading, 0)}};
    lm::io::write_figure(argv[2], {.title = "Rows that are read while steps run",
                                   .caption = trainer.device().info().name,
                                   .panels = {panel},
                                   .panel_width = 760,
                                   .panel_height = 200});
  }
  return both.last("loss") < first.last("loss") ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
