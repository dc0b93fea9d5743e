// Training as nodes, and what Lemnos has no counterpart for, with the reason.
//
// Optimizers come in the middle of their run, with all that they carry, as formulas here: lemnos/optim.h begins at step
// 1 and corrects Adam in another place. The court `pytorch` judges that.

#include <cmath>
#include <functional>
#include <vector>

#include "judges/onnx/table.h"
#include "lemnos/autograd.h"

namespace lemnos::judges::onnx {

namespace {

// The gradients of y for the inputs that `xs` names.
std::vector<Value> gradients_row(Call& c) {
  const std::vector<std::string> names = c.words("xs");
  express_if(!c.has("zs"), "gradients with constants named");
  return gradients(c.scope().value(c.word("y", "")), std::vector<Value>(c.all()));
}

// {x', states'} from {x, g, states} and the rate of the step.
using Update = std::function<std::vector<Value>(Value rate, const std::vector<Value>& tensors)>;

// After the rate and the number of the step come all x, then all g, then all of each state; so do the results, without
// g.
std::vector<Value> updated(Call& c, size_t states, const Update& update) {
  const auto tensors = static_cast<int>(states) + 2, count = (c.count() - 2) / tensors;
  std::vector<Value> results(static_cast<size_t>(count) * (states + 1));
  for (int i = 0; i < count; ++i) {
    std::vector<Value> own;
    for (int k = 0; k < tensors; ++k) own.push_back(c[2 + k * count + i]);
    own[1] = own[1] + c.real("norm_coefficient", 0) * own[0];
    const std::vector<Value> news = update(c[0], own);
    for (size_t k = 0; k < news.size(); ++k) results[k * static_cast<size_t>(count) + static_cast<size_t>(i)] = news[k];
  }
  return results;
}

std::vector<Value> adagrad_row(Call& c) {
  const auto slower = static_cast<float>(1 + c.number(1) * c.real("decay_factor", 0));
  const float eps = c.real("epsilon", 1e-6f);
  return updated(c, 1, [=](Value rate, const std::vector<Value>& t) -> std::vector<Value> {
    const Value h = t[2] + square(t[1]);
    return {t[0] - rate / slower * t[1] / (sqrt(h) + eps), h};
  });
}

std::vector<Value> momentum_row(Call& c) {
  const float kept = c.real("alpha", 0), share = c.number(1) > 0 ? c.real("beta", 0) : (c.ignore("beta"), 1.f);
  const bool nesterov = c.word("mode", "standard") == "nesterov";
  return updated(c, 1, [=](Value rate, const std::vector<Value>& t) -> std::vector<Value> {
    const Value v = kept * t[2] + share * t[1];
    return {t[0] - rate * (nesterov ? t[1] + kept * v : v), v};
  });
}

std::vector<Value> adam_row(Call& c) {
  const float alpha = c.real("alpha", .9f), beta = c.real("beta", .999f), eps = c.real("epsilon", 1e-6f);
  const double step = c.number(1), corrected = std::sqrt(1 - std::pow(beta, step)) / (1 - std::pow(alpha, step));
  const float factor = step > 0 ? static_cast<float>(corrected) : 1, post = c.real("norm_coefficient_post", 0);
  return updated(c, 2, [=](Value rate, const std::vector<Value>& t) -> std::vector<Value> {
    const Value v = alpha * t[2] + (1 - alpha) * t[1], h = beta * t[3] + (1 - beta) * square(t[1]);
    return {(1 - post) * (t[0] - factor * rate * v / (sqrt(h) + eps)), v, h};
  });
}

}  // namespace

void add_trained(OpTable& t) {
  t.add("Gradient", gradients_row);
  t.add("Adagrad", adagrad_row);
  t.add("Momentum", momentum_row);
  t.add("Adam", adam_row);
}

void add_absent(OpTable& t) {
  for (const char* op : {"Bernoulli", "RandomUniformLike", "RandomNormalLike", "RandomUniform", "RandomNormal"})
    t.none(op, "random numbers of NumPy's generator");
  for (const char* op : {"If", "Loop", "Scan"}) t.none(op, "a graph inside of a node");
  for (const char* op : {"DFT", "STFT"}) t.none(op, "no Fourier transform");
  t.none("MelWeightMatrix", "no op: mel weights");
  t.none("ImageDecoder", "pictures as files");
  for (const char* op : {"StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch", "TfIdfVectorizer"})
    t.none(op, "strings");
  for (const char* op : {"SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceAt",
                         "SequenceLength", "SequenceMap", "SplitToSequence", "ConcatFromSequence"})
    t.none(op, "sequences in place of tensors");
  for (const char* op : {"Optional", "OptionalGetElement", "OptionalHasElement"})
    t.none(op, "optionals in place of tensors");
}

}  // namespace lemnos::judges::onnx
