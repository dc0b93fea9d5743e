// Metrics: while training, and of what was predicted.

#include "base/text.h"
#include "bind.h"
#include "generated.h"

namespace lemnos::python {

namespace {

const metrics::ConfusionMatrix& matrix_at(const Call& c) { return py::cast<const metrics::ConfusionMatrix&>(c.at(0)); }
const metrics::RocCurve& curve_at(const Call& c) { return py::cast<const metrics::RocCurve&>(c.at(0)); }

py::object scores_of(const Call& c) {
  const double beta = c.get<double>(2, 1);
  if (PyLong_Check(c.at(1).ptr())) return give(matrix_at(c).scores(c.get<int64_t>(1), beta));
  return give(matrix_at(c).scores(c.get<metrics::Average>(1), beta));
}

}  // namespace

void define_metrics(py::module_& module) {
  auto metrics = module.def_submodule("metrics", "How good predictions are.");
  py::class_<metrics::Metric::Function>(metrics, "Metric", "A number beside the loss while training.");
  auto matrix =
      py::class_<metrics::ConfusionMatrix>(metrics, "ConfusionMatrix", "How often each class was taken for each.");
  define_init(matrix,
              "__init__(self, labels: Array | Sequence[int], predictions: Array | Sequence[int], classes: int, names: "
              "Sequence[str] = ()) -> None",
              "", [](const Call& c) {
                return metrics::ConfusionMatrix(c.get<std::vector<int32_t>>(1), c.get<std::vector<int32_t>>(2),
                                                c.get<int64_t>(3), c.get<std::vector<std::string>>(4, {}));
              });
  define(matrix, {{"count(self, label: int, prediction: int) -> int", "",
                   [](const Call& c) { return give(matrix_at(c).count(c.get<int64_t>(1), c.get<int64_t>(2))); }},
                  {"accuracy(self) -> float", "", [](const Call& c) { return give(matrix_at(c).accuracy()); }},
                  {"scores(self, of: int | Literal['macro', 'weighted', 'micro'], beta: float = 1.0) -> ClassScores",
                   "Of a class, or averaged.", scores_of},
                  {"text(self, beta: float = 1.0) -> str", "The matrix, then a line for each class and each average.",
                   [](const Call& c) { return give(matrix_at(c).text(c.get<double>(1, 1))); }},
                  {"csv(self) -> str", "", [](const Call& c) { return give(matrix_at(c).csv()); }},
                  {"svg(self, title: str = 'confusion matrix') -> str", "A picture.",
                   [](const Call& c) { return give(matrix_at(c).svg(c.get<std::string>(1, "confusion matrix"))); }},
                  {"__str__(self) -> str", "", [](const Call& c) { return give(matrix_at(c).text()); }}});
  auto curve = py::class_<metrics::RocCurve>(
      metrics, "RocCurve", "Scores against labels 0 or 1, for every threshold that makes a difference.");
  define_init(
      curve, "__init__(self, scores: Array | Sequence[float], labels: Array | Sequence[int]) -> None", "",
      [](const Call& c) { return metrics::RocCurve(c.get<std::vector<float>>(1), c.get<std::vector<int32_t>>(2)); });
  define(curve, {{"points(self) -> list[ThresholdPoint]", "From the highest threshold down.",
                  [](const Call& c) { return give(curve_at(c).points()); }},
                 {"area(self) -> float", "Under the curve.", [](const Call& c) { return give(curve_at(c).area()); }},
                 {"best_f1(self) -> ThresholdPoint", "", [](const Call& c) { return give(curve_at(c).best_f1()); }},
                 {"csv(self) -> str", "", [](const Call& c) { return give(curve_at(c).csv()); }},
                 {"svg(self, title: str = 'ROC') -> str", "A picture.",
                  [](const Call& c) { return give(curve_at(c).svg(c.get<std::string>(1, "ROC"))); }}});
  define_entries(metrics, metric_entries());
}

}  // namespace lemnos::python
