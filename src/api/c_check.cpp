// lemnos.h: results of another backend, compared with the reference.

#include <algorithm>

#include "api/c_handles.h"
#include "base/half.h"
#include "base/text.h"
#include "check/judge.h"
#include "lemnos/autograd.h"
#include "ops/op_table.h"

namespace lemnos::c {

namespace {

constexpr const char* kWho = "check_foreign";

// A tensor that must be there, of the size that it says.
lemnos_content content_at(const lemnos_content* contents, uint32_t index, const char* what) {
  require(contents, ErrorCode::invalid_argument, kWho, ": ", what, " is NULL");
  const lemnos_content c = input_at(contents, index, kWho);
  require(c.content || c.bytes == 0, ErrorCode::invalid_argument, kWho, ": ", what, " ", index, " has no content");
  check_bytes(tensor_of(&c.tensor, kWho), c.bytes, text(kWho, ": ", what, " ", index).c_str());
  return c;
}

Value add_input(check::Prepared& p, const lemnos_content& c, std::string name) {
  const Value value = p.graph->input(std::move(name), tensor_of(&c.tensor, kWho));
  std::vector<double>& values = p.inputs[value.id()];
  values.resize(static_cast<size_t>(value.desc().elements()));
  decode(value.dtype(), c.content, values.data(), values.size());
  return value;
}

// The half type among the inputs, or f32: what decides how exact a result can be.
DType storage_of(const std::vector<Value>& inputs) {
  for (Value input : inputs)
    if (input && (input.dtype() == DType::f16 || input.dtype() == DType::bf16)) return input.dtype();
  return DType::f32;
}

check::Outcome judge(const lemnos_foreign_result& r) {
  const OpDef& op = find_op(&given(r.op, kWho, "op"));
  check::Prepared p;
  p.graph = std::make_unique<Graph>();
  std::vector<Value> inputs;
  for (uint32_t i = 0; i < r.input_count; ++i)
    inputs.push_back(add_input(p, content_at(r.inputs, i, "input"), text("input", i)));
  const std::vector<Value> outputs = p.graph->add_all(op, inputs, attributes_of(r.attributes, r.attribute_count, kWho));
  std::vector<Value> asked = outputs;
  if (r.gradient) asked = gradients(outputs[0], inputs, add_input(p, content_at(r.gradient, 0, "gradient"), "dy"));
  require(r.result_count == asked.size(), ErrorCode::invalid_argument, op.name, ": ", r.result_count, " results for ",
          asked.size(), r.gradient ? " inputs" : " outputs");
  std::vector<check::Bytes> results;
  for (uint32_t i = 0; i < r.result_count; ++i) {
    if (!input_at(r.results, i, kWho).content) continue;
    const std::string name = r.gradient ? text("dinput", i) : text("output", i);
    require(bool(asked[i]), ErrorCode::invalid_argument, op.name, ": has no gradient ", name);
    const lemnos_content c = content_at(r.results, i, "result");
    const TensorDesc desc = tensor_of(&c.tensor, kWho);
    require(desc == asked[i].desc(), ErrorCode::shape_mismatch, op.name, ": ", name, " is ", desc, ", and should be ",
            asked[i].desc());
    const auto content = content_of(c.content, c.bytes, kWho);
    results.emplace_back(content.begin(), content.end());
    p.outputs.push_back(asked[i]);
    p.names.push_back(name);
  }
  require(!results.empty(), ErrorCode::invalid_argument, op.name, ": no result is given");
  const check::Tolerance tolerance{
      .absolute = r.absolute, .relative = r.relative, .ulps = r.ulps, .nmse = r.nmse, .products = r.products};
  define_right(p, tolerance, storage_of(inputs), r.gradient ? check::Direction::backward : check::Direction::forward);
  check::Outcome outcome = check::judge(p, results);
  if (!outcome.message.empty()) outcome.message = text(op.name, ": ", outcome.message);
  return outcome;
}

}  // namespace

}  // namespace lemnos::c

extern "C" lemnos_result lemnos_check_foreign(const lemnos_foreign_result* result, lemnos_verdict* verdict,
                                              lemnos_error* error) {
  return lemnos::c::guard(error, [&] {
    using namespace lemnos;
    c::given(verdict, c::kWho, "verdict");
    const check::Outcome outcome = c::judge(c::input(result, c::kWho));
    lemnos_verdict v{};
    v.right = outcome.kind == check::Outcome::Kind::passed;
    v.worst_error = outcome.worst_ratio;
    c::copy_text(v.message, outcome.message);
    c::output(verdict, v, c::kWho);
  });
}
