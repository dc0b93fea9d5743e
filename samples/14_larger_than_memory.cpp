// A data set that need not fit the device: two windows of it lie there, one is filled while steps go through the other.
// Reading is made as slow as the steps, as from a disk, and a timeline shows that it costs next to nothing.
//
//   14_larger_than_memory [ROWS]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;
using Clock = std::chrono::steady_clock;

constexpr int64_t kBatch = 64, kWindow = 8 * kBatch;

int main(int argc, char** argv) try {
  const lm::data::Dataset set = lm::data::digits(argc > 1 ? std::atoll(argv[1]) : 8192, 1).train;
  lm::Trainer trainer{lm::Device::best(),
                      lm::nn::sequential({lm::nn::Flatten{}, lm::nn::Linear{.out = 512}, lm::nn::Relu{},
                                          lm::nn::Linear{.out = 256}, lm::nn::Relu{}, lm::nn::Linear{.out = 10}})};

  // Rows come from memory here; a function that reads a file or makes them up stands in the same place.
  lm::data::Source source = lm::data::source_of(set);
  source.window = kWindow;
  double wait = 0;                                  // seconds that a window takes to read
  std::vector<std::pair<double, double>> readings;  // begin and end, in seconds of the epoch
  Clock::time_point start;
  const auto now = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  source.read = [&, read = source.read](std::span<const int64_t> rows, std::byte* x, std::byte* y) {
    const double begin = now();
    read(rows, x, y);
    std::this_thread::sleep_for(std::chrono::duration<double>(wait));
    readings.emplace_back(begin, now());
  };
  const auto epoch = [&] {
    readings.clear();
    start = Clock::now();
    return trainer.fit(source, {.batch_size = kBatch, .verbosity = lm::Verbosity::silent});
  };

  const lm::History first = epoch(), alone = epoch();
  wait = alone.last("seconds") / static_cast<double>(source.rows / kWindow);
  const lm::History both = epoch();
  const double seconds = both.last("seconds"), reading = both.last("load_seconds");
  std::string timeline(60, '.');
  for (const auto& [begin, end] : readings)
    for (auto i = static_cast<size_t>(begin / seconds * 60); i < 60 && static_cast<double>(i) < end / seconds * 60; ++i)
      timeline[i] = '#';
  std::printf("%s: %lld rows, %lld of them on the device at a time\n", trainer.device().info().name.c_str(),
              static_cast<long long>(source.rows), static_cast<long long>(2 * kWindow));
  std::printf("steps alone          %7.3f s\n", alone.last("seconds"));
  std::printf("reading              %7.3f s\n", reading);
  std::printf("one after the other  %7.3f s\n", alone.last("seconds") + reading);
  std::printf("beside each other    %7.3f s\n", seconds);
  std::printf("reading (#)          %s\n", timeline.c_str());
  return both.last("loss") < first.last("loss") ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
