// Gradients as nodes, and what Lemnos has no counterpart for, with the reason.

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

}  // namespace

void add_trained(OpTable& t) {
  t.add("Gradient", gradients_row);
  for (const char* op : {"Adam", "Adagrad", "Momentum"}) t.none(op, "an optimizer in the middle of its run");
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
