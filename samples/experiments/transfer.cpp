// Transfer learning: a network that knows the digits 0 to 4 learns 5 to 9 from a handful of examples.
//
// The first layers learn strokes, and strokes are the same in all digits. They are taken from the checkpoint; the last
// layer, whose classes are others, starts anew. Frozen, nothing else moves; fine-tuned, everything does.

#include <algorithm>
#include <cstdio>

#include "common.h"

using namespace experiments;

lm::Model network(int64_t classes) {
  std::vector<lm::nn::Layer> layers;
  for (const int64_t out : {8, 16, 32})
    layers.insert(layers.end(),
                  {lm::nn::Conv2d{.out = out, .kernel = 3, .padding = 1}, lm::nn::Relu{}, lm::nn::MaxPool2d{}});
  layers.insert(layers.end(), {lm::nn::Flatten{}, lm::nn::Linear{.out = classes}});
  return lm::nn::sequential(layers);
}

// The images of the digits from..to, at most `each` of every one.
lm::data::Dataset only(const lm::data::Dataset& data, int32_t from, int32_t to, int64_t each) {
  std::vector<int64_t> rows, taken(10);
  const std::vector<int32_t> labels = data.labels();
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= from && labels[i] <= to && taken[size_t(labels[i])]++ < each) rows.push_back(int64_t(i));
  return data.take(rows);
}

enum class Start { scratch, frozen, fine_tuned };

double learn(const Experiment& e, Start start, const std::filesystem::path& checkpoint, const lm::data::Dataset& few,
             const lm::data::Dataset& test) {
  lm::Trainer trainer{e.device, network(10), {.optimizer = lm::optim::Adam{.lr = 2e-3f}}};
  if (start != Start::scratch) (void)trainer.load_matching(checkpoint, few.example());
  if (start == Start::frozen)
    for (const char* layer : {"0.*", "3.*", "6.*"}) trainer.freeze(layer);
  (void)train(trainer, few, 10, e.size(60, 100));
  return trainer.evaluate(test).accuracy;
}

void transfer(Experiment& e) {
  constexpr int64_t kAll = 1 << 20;
  const lm::data::Split data = e.digits(e.size(3000, 10000), e.size(500, 2000));
  lm::Trainer first{e.device, network(5), {.optimizer = lm::optim::Adam{.lr = 2e-3f}}};
  const lm::data::Dataset known = only(data.train, 0, 4, kAll);
  first.fit({known.x, known.y, known.scale, known.shift, 5},
            {.epochs = e.size(3, 5), .batch_size = 64, .verbosity = lm::Verbosity::silent});
  const std::filesystem::path checkpoint = e.out / "digits_0_to_4.safetensors";
  first.save(checkpoint);

  lm::Trainer second{e.device, network(10)};
  std::printf("%s\n\n", to_string(second.load_matching(checkpoint, data.train.example())).c_str());

  Table table({"examples of each digit", "from scratch", "features frozen", "fine-tuned"});
  const lm::data::Dataset test = only(data.test, 5, 9, kAll);
  plot::Line lines[] = {{.label = "from scratch", .markers = true},
                        {.label = "features frozen", .markers = true},
                        {.label = "fine-tuned", .markers = true}};
  for (const int64_t each : e.size(std::vector<int64_t>{10}, {2, 5, 10, 20, 50})) {
    const lm::data::Dataset few = only(data.train, 5, 9, each);
    for (const Start start : {Start::scratch, Start::frozen, Start::fine_tuned}) {
      plot::Line& line = lines[int(start)];
      line.x.push_back(double(each));
      line.y.push_back(learn(e, start, checkpoint, few, test));
    }
    table.row(double(each), lines[0].y.back(), lines[1].y.back(), lines[2].y.back());
  }
  table.print();
  const plot::Panel panel{.x = {.title = "examples of each digit", .log = true},
                          .y = {.title = "test accuracy"},
                          .marks = {lines[0], lines[1], lines[2]}};
  e.picture("transfer", {.title = "The digits 5 to 9, after 0 to 4", .panels = {panel}, .panel_width = 560});

  const auto ten = size_t(std::ranges::find(lines[0].x, 10.) - lines[0].x.begin());
  e.must_see(lines[2].y[ten] > lines[0].y[ten] + .05,
             "from ten examples, what was learnt before is worth more than five points");
  e.must_see(lines[1].y[ten] > lines[0].y[ten], "even when nothing but the last layer learns");
  e.must_see(lines[2].y[ten] > lines[1].y[ten], "it is worth more when all layers go on");
}

int main(int argc, char** argv) { return run(argc, argv, "Transfer learning", transfer); }
