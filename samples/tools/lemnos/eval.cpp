// lemnos eval: how good a trained classifier is on a test set.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/text.h"
#include "commands.h"
#include "io/file.h"
#include "lemnos/metrics.h"
#include "trained.h"

namespace lemnos::tool {

namespace {

struct EvalOptions {
  std::string run, data, confusion;
  std::string device = "best";
  bool json = false;
};

int run_eval(const EvalOptions& o) {
  if (!o.confusion.empty()) io::require_writable(o.confusion);
  Trained model = open_trained(o.run, Device::find(o.device));
  const data::Dataset test = (o.data.empty() ? data::digits() : data::mnist(o.data, {.classes = model.classes})).test;
  const Metrics metrics = model.trainer.evaluate(test);
  const std::vector<int32_t> predictions = metrics::classes_of(model.trainer.predict(test), model.classes);
  const metrics::ConfusionMatrix confusion(test.labels(), predictions, model.classes);
  if (!o.confusion.empty()) io::write_file(o.confusion, confusion.svg());
  if (o.json) {
    nlohmann::ordered_json out{{"model", o.run},
                               {"device", model.trainer.device().info().name},
                               {"examples", test.size()},
                               {"loss", metrics.loss},
                               {"accuracy", metrics.accuracy},
                               {"classes", nlohmann::ordered_json::array()}};
    for (int64_t c = 0; c < model.classes; ++c) {
      const metrics::ClassScores scores = confusion.scores(c);
      out["classes"].push_back(
          {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f}, {"support", scores.support}});
    }
    std::printf("%s\n", out.dump(2).c_str());
    return 0;
  }
  std::printf("%s\naccuracy=%.4f loss=%.4f examples=%lld device=\"%s\"\n", confusion.text().c_str(), metrics.accuracy,
              metrics.loss, static_cast<long long>(test.size()), model.trainer.device().info().name.c_str());
  return 0;
}

}  // namespace

Command add_eval(CLI::App& app) {
  auto o = std::make_shared<EvalOptions>();
  CLI::App* sub = app.add_subcommand("eval", "Judge a trained classifier on a test set");
  sub->add_option("run", o->run, "Folder of `lemnos train --out`, or its model.safetensors")
      ->required()
      ->type_name("RUN");
  add_name(sub, "--data", o->data, "Folder with the IDX files of a test set [the generated digits]");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.., cpu or best");
  add_name(sub, "--confusion", o->confusion, "Write the confusion matrix as a picture, an SVG");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->footer(
      "Examples:\n"
      "  lemnos train mlp --data mnist --out run && lemnos eval run --data mnist\n"
      "  lemnos eval run --data fashion --confusion confusion.svg --json\n"
      "Status: 0 judged, however good; 1 no such model or data; 2 the arguments are wrong.");
  return [o] { return run_eval(*o); };
}

}  // namespace lemnos::tool
