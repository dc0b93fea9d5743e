// lemnos predict: what a trained classifier says of images.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/text.h"
#include "commands.h"
#include "lemnos/metrics.h"
#include "trained.h"

namespace lemnos::tool {

namespace {

struct PredictOptions {
  std::string run, images;
  std::string device = "best";
  bool json = false;
};

int run_predict(const PredictOptions& o) {
  Trained model = open_trained(o.run, Device::find(o.device));
  const data::Dataset images = images_of(o.images, model.example);
  const std::vector<float> scores = model.trainer.predict(images);
  const std::vector<float> shares = metrics::probabilities(scores, model.classes);
  const std::vector<int32_t> classes = metrics::classes_of(scores, model.classes);
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  if (!o.json) std::printf("image,class,probability\n");
  for (size_t i = 0; i < classes.size(); ++i) {
    const float* row = shares.data() + i * static_cast<size_t>(model.classes);
    if (o.json)
      out.push_back(
          {{"image", i}, {"class", classes[i]}, {"probabilities", std::vector<float>(row, row + model.classes)}});
    else
      std::printf("%zu,%d,%.6f\n", i, classes[i], static_cast<double>(row[classes[i]]));
  }
  if (o.json) std::printf("%s\n", out.dump(2).c_str());
  return 0;
}

}  // namespace

Command add_predict(CLI::App& app) {
  auto o = std::make_shared<PredictOptions>();
  CLI::App* sub = app.add_subcommand("predict", "Classify images with what was trained: a line of CSV for each");
  sub->add_option("run", o->run, "Folder of `lemnos train --out`, or its model.safetensors")
      ->required()
      ->type_name("RUN");
  sub->add_option("images", o->images,
                  "Images: an IDX file, plain or .gz, or a .npy array [N, ..], u8 or floats in [0, 1]")
      ->required()
      ->type_name("FILE");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.., cpu or best");
  sub->add_flag("--json", o->json, "Print JSON, with the probability of each class");
  sub->footer(
      "Examples:\n"
      "  lemnos predict run mnist/t10k-images-idx3-ubyte.gz > classes.csv\n"
      "  lemnos predict run digits.npy --json\n"
      "Status: 0; 1 no such model, or images of another shape; 2 the arguments are wrong.");
  return [o] { return run_predict(*o); };
}

}  // namespace lemnos::tool
