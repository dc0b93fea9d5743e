#include "common.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace experiments {

std::string Table::cell(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

void Table::print() const {
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (size_t i = 0; i < widths.size(); ++i) std::printf("| %-*s ", static_cast<int>(widths[i]), rows_[r][i].c_str());
    std::printf("|\n");
    for (size_t i = 0; r == 0 && i < widths.size(); ++i) std::printf("| %s ", std::string(widths[i], '-').c_str());
    if (r == 0) std::printf("|\n");
  }
  std::printf("\n");
  std::fflush(stdout);
}

lm::data::Split Experiment::digits(int64_t train, int64_t test) const {
  if (data.empty()) return lm::data::digits(train, test);
  lm::data::Split split = lm::data::mnist(data);
  split.train = split.train.slice(0, std::min(train, split.train.size()));
  split.test = split.test.slice(0, std::min(test, split.test.size()));
  return split;
}

void Experiment::picture(const std::string& name, plot::Figure figure) const {
  figure.caption += (figure.caption.empty() ? "" : "; ") + device.info().name;
  std::filesystem::create_directories(out);
  plot::write_figure(out / (name + ".svg"), figure);
  std::printf("picture: %s\n", (out / (name + ".svg")).string().c_str());
}

void Experiment::must_see(bool seen, const std::string& what) {
  std::printf("%s: %s\n", seen ? "seen" : "NOT SEEN", what.c_str());
  all_seen = all_seen && seen;
}

int run(int argc, char** argv, const char* title, void (*experiment)(Experiment&)) try {
  bool quick = false;
  std::string device = "best", data, out = ".";
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    std::string* value = option == "--device" ? &device
                         : option == "--data" ? &data
                         : option == "--out"  ? &out
                                              : nullptr;
    if (option == "--quick") {
      quick = true;
    } else if (value && i + 1 < argc) {
      *value = argv[++i];
    } else {
      std::fprintf(stderr, "%s [--quick] [--device NAME] [--data MNIST_FOLDER] [--out FOLDER]\n", argv[0]);
      return 2;
    }
  }
  Experiment e{.quick = quick,
               .device = device == "best" ? lm::Device::best() : lm::Device::find(device),
               .data = data,
               .out = out};
  std::printf("%s, on %s\n\n", title, e.device.info().name.c_str());
  experiment(e);
  return e.all_seen ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

lm::Model mlp(const Mlp& options) {
  const lm::Init zero = lm::Init::zeros();
  std::vector<lm::nn::Layer> layers{lm::nn::Flatten{}};
  for (int64_t i = 0; i < options.layers; ++i) {
    layers.emplace_back(lm::nn::Linear{.out = options.width, .weight_init = options.init, .bias_init = zero});
    if (options.batch_norm) layers.emplace_back(lm::nn::BatchNorm{});
    layers.push_back(options.activation);
    if (options.dropout > 0) layers.emplace_back(lm::nn::Dropout{.rate = options.dropout});
  }
  layers.emplace_back(lm::nn::Linear{.out = options.classes, .weight_init = options.init, .bias_init = zero});
  return lm::nn::sequential(std::move(layers));
}

void mislabel(lm::data::Dataset& data, int64_t every) {
  std::vector<int32_t> labels = data.labels();
  for (size_t i = 0; i < labels.size(); i += static_cast<size_t>(every))
    labels[i] = static_cast<int32_t>((labels[i] + 1) % data.classes);
  data.y = lm::data::Array::integers({data.size()}, labels);
}

std::vector<double> train(lm::Trainer& trainer, const lm::data::Dataset& data, int64_t batch, int64_t steps) {
  trainer.begin(data, batch);
  std::vector<double> losses;
  while (steps > 0) {
    const int64_t now = std::min<int64_t>(steps, 1000);  // the trainer remembers the last 4096
    trainer.step(now);
    for (const float loss : trainer.recent_losses(now)) losses.push_back(loss);
    steps -= now;
  }
  return losses;
}

double final_mean(const std::vector<double>& values) {
  const size_t count = std::max<size_t>(1, values.size() / 10);
  double sum = 0;
  for (size_t i = values.size() - count; i < values.size(); ++i) sum += values[i];
  return sum / static_cast<double>(count);
}

plot::Line curve(const std::vector<double>& values, const std::string& label, size_t window) {
  constexpr size_t kMostPoints = 400;
  const size_t stride = (values.size() + kMostPoints - 1) / kMostPoints;
  plot::Line line{.label = label, .width = 1.6};
  for (size_t i = 0; i < values.size(); i += stride) {
    const size_t begin = i > window / 2 ? i - window / 2 : 0, end = std::min(values.size(), i + window / 2 + 1);
    double sum = 0;
    for (size_t k = begin; k < end; ++k) sum += values[k];
    line.x.push_back(static_cast<double>(i + 1));
    line.y.push_back(sum / static_cast<double>(end - begin));
  }
  return line;
}

}  // namespace experiments
