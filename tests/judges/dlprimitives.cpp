#include "judges/dlprimitives.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/json_text.h"
#include "judges/helpers.h"
#include "judges/judge.h"
#include "lemnos/autograd.h"

namespace lemnos::judges {

namespace fs = std::filesystem;

std::string read_gzip(const fs::path& file) {
  constexpr size_t kMost = size_t{1} << 30;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzopen(file.string().c_str(), "rb"), gzclose);
  require(in != nullptr, ErrorCode::not_found, file.string(), ": cannot be opened");
  std::string content;
  std::vector<char> piece(size_t{1} << 16);
  for (;;) {
    const int count = gzread(in.get(), piece.data(), static_cast<unsigned>(piece.size()));
    int status = Z_OK;
    if (count <= 0) gzerror(in.get(), &status);
    require(count >= 0 && (count > 0 || status == Z_OK), ErrorCode::corrupt_data, file.string(),
            ": damaged or cut short after ", content.size(), " bytes");
    if (count == 0) return content;
    content.append(piece.data(), static_cast<size_t>(count));
    require(content.size() <= kMost, ErrorCode::corrupt_data, file.string(), ": more than ", kMost, " bytes");
  }
}

namespace {

struct Case {
  const Json& options;
  std::vector<Value> inputs, parameters;

  Value x() const { return inputs.at(0); }
  Graph& graph() const { return x().graph(); }
  std::string word(const char* name) const { return options.at(name).get<std::string>(); }
  float real(const char* name) const { return options.at(name).get<float>(); }
  std::array<int64_t, 2> pair(const char* name) const {
    const Json& found = options.at(name);
    if (found.is_array()) return {found.at(0).get<int64_t>(), found.at(1).get<int64_t>()};
    return {found.get<int64_t>(), found.get<int64_t>()};
  }
};

struct CaseRow {
  std::function<Value(const Case&)> build;
  Tolerance tolerance = kCourt;
  Tolerance made = tolerance;  // with inputs that are made, of which there may be many
};

Value activated(const Case& c, Value x) {
  static const std::map<std::string, Value (*)(Value)> known = {
      {"relu", relu}, {"tanh", tanh}, {"sigmoid", sigmoid}, {"identity", identity}, {"relu6", [](Value v) {
                                                                                       return clamp(v, 0, 6);
                                                                                     }}};
  const auto found = known.find(c.word("activation"));
  express_if(found != known.end(), "no activation: " + c.word("activation"));
  return found->second(x);
}

Value inner_product(const Case& c) {
  const Value bias = c.parameters.size() > 1 ? c.parameters[1] : Value();
  return activated(c, linear(c.x(), c.parameters.at(0), bias));
}

Value global_pool(const Case& c) {
  const bool largest = c.word("mode") == "max";
  return largest ? adaptive_max_pool2d(c.x(), {1, 1}) : adaptive_avg_pool2d(c.x(), {1, 1});
}

Value pool(const Case& c) {
  const Pool2dOptions options{.kernel = c.pair("kernel"),
                              .stride = c.pair("stride"),
                              .padding = c.pair("pad"),
                              .ceil = c.options.at("ceil_mode").get<bool>(),
                              .count_include_pad = c.options.at("count_include_pad").get<bool>()};
  return c.word("mode") == "max" ? max_pool2d(c.x(), options) : avg_pool2d(c.x(), options);
}

// Axes by number, or all from one on, which is the second where nothing is said and there is one.
Value reduction(const Case& c) {
  const auto rank = static_cast<int64_t>(c.x().shape().rank());
  const int64_t start = c.options.value("start_axis", 0);
  const Axes all = integers(rank - (start < 0 ? start + rank : start), start < 0 ? start + rank : start);
  const Axes axes = c.options.contains("dims") ? c.options.at("dims").get<Axes>() : all;
  const std::string method = c.word("method");
  const Value x = method == "sumsq" ? square(c.x()) : method == "abssum" ? abs(c.x()) : c.x();
  const bool keep = c.options.at("keep_dim").get<bool>();
  const Value y = method == "mean" ? mean(x, axes, keep) : sum(x, axes, keep);
  return c.options.contains("output_scale") ? c.real("output_scale") * y : y;
}

// By factors where the case has them, else by extents.
Value interpolated_planes(const Case& c) {
  const std::map<std::string, UpsampleMode> modes = {{"bilinear", UpsampleMode::bilinear},
                                                     {"nearest", UpsampleMode::nearest},
                                                     {"nearest-exact", UpsampleMode::nearest_exact}};
  const UpsampleOptions options{.mode = modes.at(c.word("method")),
                                .align_corners = c.options.at("align_corners").get<bool>()};
  const std::vector<double> factors = {c.options.at("scale_y").get<double>(), c.options.at("scale_x").get<double>()};
  std::array<int64_t, 2> size{c.options.at("out_h").get<int64_t>(), c.options.at("out_w").get<int64_t>()};
  if (size[0] < 0 && size[1] < 0) return interpolate_by(c.x(), factors, options);
  return upsample(c.x(), size, options);
}

const std::map<std::string, CaseRow>& rows() {
  static const std::map<std::string, CaseRow> known = {
      {"abs", {[](const Case& c) { return abs(c.x()); }, kExact}},
      {"activation", {[](const Case& c) { return activated(c, c.x()); }}},
      {"concat", {[](const Case& c) { return concat(c.inputs, c.options.at("dim").get<int64_t>()); }, kExact}},
      {"global_pooling", {global_pool}},
      {"hardtanh", {[](const Case& c) { return clamp(c.x(), c.real("min_val"), c.real("max_val")); }, kExact}},
      {"inner_product", {inner_product, kCancelling}},
      {"interpolation", {interpolated_planes}},
      {"log_softmax", {[](const Case& c) { return log_softmax(c.x(), 1); }}},
      {"mse_loss", {[](const Case& c) { return mse_loss(c.x(), c.inputs.at(1), reduction_of(c.word("reduce"))); }}},
      {"nll_loss", {[](const Case& c) {
         return nll_loss(c.x(), cast(c.inputs.at(1), DType::i32), {.reduction = reduction_of(c.word("reduce"))});
       }}},
      {"param", {[](const Case& c) { return c.parameters.at(0); }, kExact}},
      {"pooling2d", {pool}},
      {"reduction", {reduction, kCourt, kCancelling}},  // sums of up to 60,000 numbers of both signs
      {"slice",
       {[](const Case& c) {
          const Json& o = c.options;
          return slice_axis(c.x(), o.at("dim").get<int64_t>(), o.at("begin").get<int64_t>(),
                            o.at("end").get<int64_t>());
        },
        kExact}},
      {"softmax", {[](const Case& c) { return softmax(c.x(), 1); }}},
      {"softmax_loss", {[](const Case& c) { return softmax_cross_entropy(c.x(), cast(c.inputs.at(1), DType::i32)); }}},
      {"threshold",
       {[](const Case& c) { return cast(greater(c.x(), c.options.value("threshold", 0.f)), DType::f32); }, kExact}},
  };
  return known;
}

// Above so many elements, or products of an inner product, the CPU reference takes seconds, and minutes for the
// largest.
constexpr int64_t kMostWork = int64_t{1} << 22;

int64_t work(const Json& entry, const Json& options) {
  int64_t elements = 0;
  for (const char* name : {"in_shapes", "out_shapes"})
    for (const Json& shape : entry.at(name)) elements += Shape(shape.get<Axes>()).elements();
  return options.contains("outputs") ? elements * options.at("outputs").get<int64_t>() : elements;
}

// Numbers between -1 and 1, each time the same.
std::vector<double> made_numbers(int64_t count) {
  uint32_t state = 1;
  std::vector<double> numbers;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    numbers.push_back((state >> 8) * 0x1p-23 - 1);
  }
  return numbers;
}

// The tensors of a case under their names: shapes from one list, numbers from another, or made.
void add_tensors(Arrays& arrays, const std::string& name, const std::vector<Json>& shapes, const Json* numbers) {
  for (size_t i = 0; i < shapes.size(); ++i) {
    const Shape shape(shapes[i].get<Axes>());
    const bool without = numbers && numbers->at(i).is_boolean();  // no gradient
    if (!without)
      arrays.set(text(name, i),
                 {"F32", shape, numbers ? numbers->at(i).get<std::vector<double>>() : made_numbers(shape.elements())});
  }
}

struct Built {
  Graph graph;
  Arrays arrays;
  std::map<std::string, Value> inputs;
  std::vector<Value> values;  // the result, and the gradients that are asked for
  std::vector<std::string> wanted;
};

void build_case(Built& b, const CaseRow& row, const Json& test, const Json& entry) {
  const bool numbered = !entry.contains("use_cpu_reference");
  std::vector<Json> shapes = entry.at("in_shapes"), sizes = entry.at("out_shapes"), parameters;
  if (test.contains("param_specs"))
    for (const Json& spec : test.at("param_specs")) parameters.push_back(spec.at("shape"));
  const auto given = [&](const Json& of, const char* name) { return of.contains(name) ? &of.at(name) : nullptr; };
  add_tensors(b.arrays, "x", shapes, given(entry, "in_tensors"));
  add_tensors(b.arrays, "p", parameters, given(test, "param_tensors"));
  add_tensors(b.arrays, "seed", sizes, given(entry, "out_diffs"));
  Case c{test.at("options"), {}, {}};
  const auto input = [&](const std::string& name) {
    return b.inputs[name] = b.graph.input(name, {b.arrays.at(name).shape, DType::f32});
  };
  for (size_t i = 0; i < shapes.size(); ++i) c.inputs.push_back(input(text('x', i)));
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Array& start = b.arrays.at(text('p', i));
    const std::vector<float> numbers(start.values.begin(), start.values.end());
    c.parameters.push_back(b.graph.parameter(text('p', i), start.shape, numbers));
  }
  const Value y = at_least_1d(row.build(c));
  b.values = {y};
  b.wanted = {"result0"};
  std::vector<Value> leaves;
  const auto ask = [&](const char* name, const std::vector<Json>& of, const std::vector<Value>& values) {
    if (numbered && !entry.contains(name)) return;
    if (numbered) add_tensors(b.arrays, name, of, &entry.at(name));
    for (size_t i = 0; i < values.size(); ++i) {
      if (numbered && entry.at(name).at(i).is_boolean()) continue;
      leaves.push_back(values[i]);
      b.wanted.push_back(text(name, i));
    }
  };
  ask("in_diffs", shapes, c.inputs);
  ask("params_diffs", parameters, c.parameters);
  for (Value gradient : gradients(y, leaves, input("seed0"))) b.values.push_back(gradient);
  if (numbered) add_tensors(b.arrays, "result", sizes, &entry.at("out_tensors"));
}

Outcome judge_case(const Device& device, const CaseRow& row, const Json& test, const Json& entry) try {
  const bool shapes_alone = entry.contains("use_cpu_reference");
  if (shapes_alone) {
    express_if(work(entry, test.at("options")) <= kMostWork, text("shapes alone, above ", kMostWork, " elements"));
    express_if(device.info().type != DeviceType::cpu_reference, "shapes alone, which the CPU reference judges");
  }
  Built b;
  build_case(b, row, test, entry);
  if (shapes_alone) {
    const std::vector<Array> want = computed(Device::cpu(), b.inputs, b.arrays, b.values);
    for (size_t i = 0; i < want.size(); ++i)
      if (b.values[i]) b.arrays.set(b.wanted[i], want[i]);
  }
  std::vector<Claim> claims;
  for (size_t i = 0; i < b.values.size(); ++i) {
    if (shapes_alone && !b.values[i]) continue;
    claims.push_back({b.wanted[i], b.values[i], &b.arrays.at(b.wanted[i]), shapes_alone ? row.made : row.tolerance});
  }
  return judge(device, b.inputs, b.arrays, claims);
} catch (const Unexpressed& e) {
  return Outcome::unexpressed(e.what());
} catch (const std::exception& e) {
  return Outcome::wrong(e.what());
}

constexpr const char* kPrefix = "test_case_";

std::string op_of(const fs::path& file) {
  const std::string stem = file.stem().stem().string();
  const bool is_case = stem.starts_with(kPrefix) && file.extension() == ".gz";
  return is_case ? stem.substr(std::string(kPrefix).size()) : std::string();
}

}  // namespace

Report judge_dlprimitives(const Device& device, const fs::path& folder, const std::string& only) {
  Report report;
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files[op_of(entry.path())] = entry.path();
  files.erase("");
  for (const auto& [op, file] : files) {
    if (!only.empty() && op != only) continue;
    const Json database = io::parse_json<Json>(read_gzip(file), file.string());
    const auto row = rows().find(op);
    int number = 0;
    for (const Json& test : database.at("tests"))
      for (const Json& entry : test.at("cases"))
        report.add(
            "dlprimitives", op,
            text(op, ' ', number++, ' ', test.at("options").dump(), ' ', entry.at("in_shapes").dump()),
            row == rows().end() ? Outcome::unexpressed("no op: " + op) : judge_case(device, row->second, test, entry));
  }
  require(!report.empty(), ErrorCode::not_found, folder.string(), ": has no cases",
          only.empty() ? std::string() : text(" of '", only, "'"));
  return report;
}

}  // namespace lemnos::judges
