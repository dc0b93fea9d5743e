#include "judges/judge.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>

#include "base/text.h"
#include "io/number_text.h"
#include "lemnos/autograd.h"
#include "lemnos/ops.h"

namespace lemnos::judges {

namespace {

bool agrees(double got, double want, Tolerance tolerance, double largest) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
  if (std::isinf(want) || std::isinf(got)) return want == got;
  return std::abs(got - want) <=
         tolerance.absolute + tolerance.relative * std::abs(want) + tolerance.of_largest * largest;
}

std::string number(double value) { return formatted("%.9g", value); }

// cos(i + 1) over the flattened result.
Value court_seed(Value result) {
  std::vector<float> weights(static_cast<size_t>(result.shape().elements()));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(std::cos(static_cast<double>(i) + 1));
  const Value seed = result.graph().constant(result.shape(), weights);
  return result.dtype() == DType::f32 ? seed : cast(seed, result.dtype());
}

// A target must be made by a node: what the row returns as it came is one more node away.
Value made(Value value) {
  if (value.graph().info(value).role == Role::activation) return value;
  return is_floating(value.dtype()) ? identity(value) : maximum(value, value);
}

}  // namespace

std::string difference(const Array& want, const Shape& shape, const std::vector<double>& got, Tolerance tolerance) {
  if (shape != want.shape) return text("has shape ", shape, " instead of ", want.shape);
  double largest = 0;
  for (double value : want.values)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i)
    if (!agrees(got[i], want.values[i], tolerance, largest))
      return text("is ", number(got[i]), " instead of ", number(want.values[i]), " at element ", i);
  return {};
}

std::vector<Value> court_gradients(const std::vector<Value>& results, const std::vector<Value>& wrt) {
  std::vector<Value> totals(wrt.size());
  if (wrt.empty()) return totals;
  for (Value result : results) {
    if (!is_floating(result.dtype())) continue;
    const std::vector<Value> parts = gradients(result, wrt, court_seed(result));
    for (size_t i = 0; i < wrt.size(); ++i)
      if (parts[i]) totals[i] = totals[i] ? totals[i] + parts[i] : parts[i];
  }
  return totals;
}

std::vector<Array> computed(const Device& device, const std::map<std::string, Value>& inputs, const Arrays& arrays,
                            const std::vector<Value>& values) {
  CompileOptions options;
  std::vector<Value> targets;
  for (Value value : values) {
    targets.push_back(value ? made(value) : Value());
    if (value) options.targets.push_back(targets.back());
  }
  const auto session = device.open(options.targets.at(0).graph());
  const auto program = session->compile(options);
  const std::vector<Node>& nodes = options.targets.at(0).graph().nodes();
  for (const auto& [name, input] : inputs) {
    const bool read = std::ranges::any_of(
        nodes, [id = input.id()](const Node& node) { return std::ranges::find(node.inputs, id) != node.inputs.end(); });
    if (read) session->write(input, bytes_of(input.dtype(), arrays.at(name).values), 0);
  }
  require(program->run() == Status::ok, ErrorCode::internal, "the program did not run");
  std::vector<Array> results(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    std::vector<std::byte> bytes(targets[i].desc().bytes());
    program->read(targets[i], bytes);
    results[i] = {word_of(targets[i].dtype()), targets[i].shape(), numbers_of(targets[i].dtype(), bytes)};
  }
  return results;
}

Outcome judge(const Device& device, const std::map<std::string, Value>& inputs, const Arrays& arrays,
              const std::vector<Claim>& claims) {
  std::vector<Value> values;
  for (const Claim& claim : claims) values.push_back(claim.value);
  const std::vector<Array> got = computed(device, inputs, arrays, values);
  for (size_t i = 0; i < claims.size(); ++i) {
    const Array& want = *claims[i].want;
    const bool made_by_node = static_cast<bool>(values[i]);
    const std::vector<double> zeros(made_by_node ? 0 : want.values.size(), 0);
    const std::string bad = difference(want, made_by_node ? got[i].shape : want.shape,
                                       made_by_node ? got[i].values : zeros, claims[i].tolerance);
    if (!bad.empty()) return Outcome::wrong(claims[i].what + ' ' + bad);
  }
  return {};
}

namespace {

// A few roundings of a half type: fused kernels round less often than the reference, which rounds every value.
Tolerance half_tolerance(DType dtype) {
  const double unit = dtype == DType::f16 ? 0x1p-11 : 0x1p-9;
  return {.relative = 8 * unit, .absolute = 1e-6, .of_largest = 8 * unit};
}

struct CallGraph {
  Graph graph;
  std::map<std::string, Value> inputs;
  std::vector<Claim> claims;
};

void build_call(CallGraph& c, const Row& row, const Json& call, const Arrays& arrays, DType dtype) {
  Args args(c.graph, call, arrays, dtype);
  const std::vector<Value> results = row.build(args);
  args.require_all_read();
  const Json& wanted = call.at("results");
  require(results.size() == wanted.size(), ErrorCode::internal, results.size(), " results instead of ", wanted.size());
  for (size_t i = 0; i < results.size(); ++i)
    c.claims.push_back({text("result ", i), results[i], &arrays.at(wanted[i].get<std::string>()), row.results});
  c.inputs = args.inputs();
  std::vector<Value> leaves;
  std::vector<std::string> names;
  for (const auto& [tensor, gradient] : call.at("gradients").items()) {
    const auto input = c.inputs.find(tensor);
    express_if(input != c.inputs.end(), "a tensor with a gradient is not read");
    leaves.push_back(input->second);
    names.push_back(tensor);
  }
  const std::vector<Value> computed = court_gradients(results, leaves);
  for (size_t i = 0; i < leaves.size(); ++i) {
    const Array& want = arrays.at(call.at("gradients").at(names[i]).get<std::string>());
    c.claims.push_back({"gradient of " + names[i], computed[i], &want, row.gradients});
  }
}

Outcome judge_half(const Device& device, CallGraph& c, const Arrays& arrays, DType dtype) {
  std::vector<Value> values;
  for (const Claim& claim : c.claims) values.push_back(claim.value);
  const std::vector<Array> right = computed(Device::cpu(), c.inputs, arrays, values);
  for (size_t i = 0; i < c.claims.size(); ++i) {
    if (!values[i]) continue;
    c.claims[i].want = &right[i];
    c.claims[i].tolerance = half_tolerance(dtype);
  }
  return judge(device, c.inputs, arrays, c.claims);
}

}  // namespace

Outcome judge_call(const Device& device, const Row& row, const Json& call, const Arrays& arrays, DType dtype) try {
  CallGraph c;
  try {
    build_call(c, row, call, arrays, dtype);
  } catch (const Error& e) {
    if (dtype == DType::f32) throw;
    return Outcome::unexpressed(text("not in ", dtype, ": ", e.what()));
  }
  return dtype == DType::f32 ? judge(device, c.inputs, arrays, c.claims) : judge_half(device, c, arrays, dtype);
} catch (const Unexpressed& e) {
  return Outcome::unexpressed(e.what());
} catch (const std::exception& e) {
  return Outcome::wrong(e.what());
}

namespace {

std::string argument(const Json& json, const Arrays& arrays) {
  if (json.is_object() && json.contains("tensor")) {
    const auto name = json.at("tensor").get<std::string>();
    const Array& array = arrays.at(name);
    return text(name, ' ', lower_case(array.dtype), array.shape);
  }
  if (!json.is_array()) return json.is_string() ? json.get<std::string>() : json.dump();
  std::string items;
  for (const Json& item : json) items += (items.empty() ? "" : ", ") + argument(item, arrays);
  return '[' + items + ']';
}

}  // namespace

std::string signature(const Json& call, const Arrays& arrays) {
  std::string line;
  for (const Json& arg : call.at("args")) line += (line.empty() ? "" : ", ") + argument(arg, arrays);
  for (const auto& [name, value] : call.at("kwargs").items())
    line += (line.empty() ? "" : ", ") + name + '=' + argument(value, arrays);
  return '(' + line + ')';
}

}  // namespace lemnos::judges
