// What the experiments share: options, data, tables, pictures, and the list of what must be seen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <lemnos/lemnos.hpp>

namespace experiments {

namespace lm = lemnos;
namespace plot = lemnos::io;

/// A table as Markdown, its columns aligned; numbers with four significant digits.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  template <typename... Cells>
  void row(const Cells&... cells) {
    rows_.push_back({cell(cells)...});
  }
  void print() const;

 private:
  static std::string cell(const std::string& word) { return word; }
  static std::string cell(double number);
  std::vector<std::vector<std::string>> rows_;
};

/// One run of an experiment.
struct Experiment {
  bool quick = false;  // the size that a test has time for, else the one of the README
  lm::Device device;
  std::filesystem::path data;  // the four IDX files of MNIST; empty: the drawn digits
  std::filesystem::path out;   // where the picture goes
  bool all_seen = true;        // so far

  template <typename T>
  T size(T when_quick, T otherwise) const {
    return quick ? when_quick : otherwise;
  }
  /// That many images of handwriting, or as many as there are.
  lm::data::Split digits(int64_t train, int64_t test) const;
  /// Writes `name`.svg, with the device below it.
  void picture(const std::string& name, plot::Figure figure) const;
  /// Says whether it was seen; what was not seen makes the exit status of the program 1.
  void must_see(bool seen, const std::string& what);
};

/// main() of an experiment: reads the options, says `title`, and runs it.
int run(int argc, char** argv, const char* title, void (*experiment)(Experiment&));

/// A perceptron with hidden layers of equal width, for images or vectors.
struct Mlp {
  int64_t layers = 4, width = 100, classes = 10;
  lm::nn::Layer activation = lm::nn::Relu{};
  lm::Init init = lm::Init::he_normal();  // of the weights; biases start at 0
  bool batch_norm = false;
  float dropout = 0;
};
lm::Model mlp(const Mlp& options);

/// Gives every n-th image the label after its own: what a careless clerk would do.
void mislabel(lm::data::Dataset& data, int64_t every);

/// `steps` steps of training, and the loss of each.
std::vector<double> train(lm::Trainer& trainer, const lm::data::Dataset& data, int64_t batch, int64_t steps);
/// The mean of the last tenth.
double final_mean(const std::vector<double>& values);
/// Values against 1, 2, 3, .. each the mean of up to `window` around it, of which there are at most 400.
plot::Line curve(const std::vector<double>& values, const std::string& label, size_t window = 1);

}  // namespace experiments
