#include "golden/transformer.h"

#include "golden/formula.h"

namespace lemnos::golden::transformer {

std::vector<Parameter> parameters() {
  std::vector<Parameter> all;
  const auto add = [&](const std::string& name, const Shape& shape, double middle, double spread) {
    all.push_back(parameter(name, shape, middle, spread, static_cast<uint32_t>(all.size() + 1)));
  };
  const auto add_norm = [&](const std::string& name) {
    add(name + ".weight", {kWidth}, 1, .25);
    add(name + ".bias", {kWidth}, 0, .25);
  };
  const auto add_linear = [&](const std::string& name, int64_t out, int64_t in) {
    add(name + ".weight", {out, in}, 0, .125);
    add(name + ".bias", {out}, 0, .125);
  };
  add("0.weight", {kLetters, kWidth}, 0, 1);
  for (const std::string block : {"1.", "2."}) {
    add_norm(block + "norm1");
    add_norm(block + "norm2");
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"})
      add_linear(block + "attention." + part, kWidth, kWidth);
    add_linear(block + "up", 4 * kWidth, kWidth);
    add_linear(block + "down", kWidth, 4 * kWidth);
  }
  add_norm("3");
  add_linear("4", kLetters, kWidth);
  return all;
}

std::vector<int32_t> letters() {
  constexpr uint32_t kStream = 100;
  std::vector<int32_t> all;
  for (uint64_t row = 0; row < kBatch * kBatches; ++row)
    for (uint64_t t = 0; t <= kWindow; ++t) {
      const uint64_t stride = 1 + bits(2 * row + 1, kStream) % 3;
      all.push_back(static_cast<int32_t>((bits(2 * row, kStream) + stride * t) % kLetters));
    }
  return all;
}

}  // namespace lemnos::golden::transformer
