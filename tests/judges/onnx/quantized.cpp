// Numbers as scaled integers. Integers are i32 here; sums of their products are exact in f32 where the data has them.

#include <map>
#include <string>
#include <utility>

#include "judges/onnx/spans.h"
#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace {

// The ends of an integer type.
std::pair<float, float> ends_of(const std::string& type) {
  static const std::map<std::string, std::pair<float, float>> known = {
      {"U8", {0, 255}}, {"I8", {-128, 127}}, {"U16", {0, 65535}}, {"I16", {-32768, 32767}}};
  const auto found = known.find(type);
  express_if(found != known.end(), "numbers quantised to " + type);
  return found->second;
}

// A scale or zero point, one for all, one for each place along an axis of x, or one for each block of them.
Value spread(Call& c, Value v, Value x) {
  if (v.shape().elements() == 1) return reshape(v, Shape{});
  const size_t axis = x.shape().axis(c.integer("axis", 1), "QuantizeLinear");
  const int64_t block = c.integer("block_size", 0), extent = x.shape()[axis];
  if (block) {
    Axes places;
    for (int64_t i = 0; i < extent; ++i) places.push_back(i / block);
    return pick(v, static_cast<int64_t>(axis), places);
  }
  Axes dims(x.shape().rank(), 1);
  dims[axis] = extent;
  return reshape(v, dims);
}

Value saturated(Value x, const std::string& type) {
  const auto [low, high] = ends_of(type);
  return as_whole(clamp(x, low, high));
}

Value quantized_row(Call& c) {
  for (const char* name : {"saturate", "axis", "block_size"}) c.ignore(name);
  const std::string type = c.has(2) ? c.type(2) : type_word(c.integer("output_dtype", 2));
  c.ignore("output_dtype");
  const Value x = c.real(0), steps = round(x / spread(c, c.real(1), x));
  return saturated(c.has(2) ? steps + spread(c, c.real(2), x) : steps, type);
}

Value dequantized_row(Call& c) {
  for (const char* name : {"axis", "block_size"}) c.ignore(name);
  const Value x = c.real(0), scale = c[1];
  const Value y = (c.has(2) ? x - spread(c, c.real(2), x) : x) * as_real(spread(c, scale, x));
  return y.dtype() == scale.dtype() ? y : cast(y, scale.dtype());
}

std::vector<Value> dynamic_row(Call& c) {
  const Value x = c[0], zero = c.graph().scalar(0);
  const Value low = minimum(reduce_min(x), zero), high = maximum(reduce_max(x), zero);
  const Value scale = (high - low) / 255.f, point = round(clamp(-low / scale, 0, 255));
  return {saturated(round(x / scale) + point, "U8"), scale, as_whole(point)};
}

// An operand without its zero point, which may be one for each row of the first and each column of the second.
Value centred_operand(Call& c, int input, int point, bool rows) {
  const Value x = c.real(input);
  if (!c.has(point)) return x;
  const Value p = c.real(point);
  return x - (p.shape().elements() == 1 ? reshape(p, Shape{}) : rows ? unsqueeze(p, -1) : p);
}

Value integer_product(Call& c) {
  return as_whole(product(centred_operand(c, 0, 2, true), centred_operand(c, 1, 3, false)));
}

Value integer_convolution(Call& c) {
  const Value x = centred_operand(c, 0, 2, true), w = centred_operand(c, 1, 3, true);
  const Axes kernel = c.list("kernel_shape", {w.shape().begin() + 2, w.shape().end()});
  return as_whole(convolved(x, w, {}, spans_of(c, x, kernel), c.integer("group", 1)));
}

// The product of the scaled operands, in steps of the result's scale.
Value rescaled(Call& c, Value sums, int a, int b, int y) {
  const auto one = [&](int input) { return reshape(c.real(input), Shape{}); };
  const Value steps = round(sums * (one(a) * one(b) / one(y)));
  return saturated(steps + one(y + 1), c.type(y + 1));
}

Value scaled_product(Call& c) {
  return rescaled(c, product(centred_operand(c, 0, 2, true), centred_operand(c, 3, 5, false)), 1, 4, 6);
}

Value scaled_convolution(Call& c) {
  const Value x = centred_operand(c, 0, 2, true), w = centred_operand(c, 3, 5, true);
  const Axes kernel = c.list("kernel_shape", {w.shape().begin() + 2, w.shape().end()});
  return rescaled(c, convolved(x, w, c.has(8) ? c.real(8) : Value(), spans_of(c, x, kernel), c.integer("group", 1)), 1,
                  4, 6);
}

}  // namespace

void add_quantized(OpTable& t) {
  t.add("QuantizeLinear", quantized_row);
  t.add("DequantizeLinear", dequantized_row);
  t.add("DynamicQuantizeLinear", dynamic_row);
  t.add("MatMulInteger", integer_product);
  t.add("ConvInteger", integer_convolution);
  t.add("QLinearMatMul", scaled_product);
  t.add("QLinearConv", scaled_convolution);
}

}  // namespace lemnos::judges::onnx
