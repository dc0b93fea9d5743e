#include "judges/onnx/court.h"

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/file.h"
#include "judges/judge.h"
#include "judges/onnx/runner.h"
#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace fs = std::filesystem;

void OpTable::insert(const std::string& op, OpRow row) {
  require(rows_.emplace(op, std::move(row)).second, ErrorCode::internal, "judges: '", op, "' of ONNX has two rows");
}

OpTable op_table() {
  OpTable table;
  const std::map<std::string, void (*)(OpTable&)> families = {
      {"elementwise", add_elements}, {"shapes", add_moves},         {"indexing", add_places},
      {"reductions", add_reduced},   {"products", add_products},    {"windows", add_windows},
      {"resizing", add_resizing},    {"normalisation", add_normed}, {"training", add_trained},
      {"quantised", add_quantized},  {"recurrent", add_recurrent},  {"others", add_absent}};
  for (const auto& [family, add] : families) {
    table.begin(family);
    add(table);
  }
  return table;
}

namespace {

// Cases that are wrong by themselves, with what is wrong in them. Another release of the data may have them right.
const std::map<std::string, std::string>& faults() {
  static const char* const kRound = "what does not fit int8 goes round, where the op saturates";
  static const char* const kPi = "pi is 3.1415 in it";
  static const std::map<std::string, std::string> known = {
      {"test_adam_multiple", "it was made with epsilon 1e-2, and says 1e-6"},
      {"test_qlinearmatmul_2D_int8_float16", kRound},
      {"test_qlinearmatmul_2D_int8_float32", kRound},
      {"test_qlinearmatmul_3D_int8_float16", kRound},
      {"test_qlinearmatmul_3D_int8_float32", kRound},
      {"test_blackmanwindow", kPi},
      {"test_blackmanwindow_expanded", kPi},
      {"test_blackmanwindow_symmetric", kPi},
      {"test_blackmanwindow_symmetric_expanded", kPi},
      {"test_hammingwindow", kPi},
      {"test_hammingwindow_expanded", kPi},
      {"test_hammingwindow_symmetric", kPi},
      {"test_hammingwindow_symmetric_expanded", kPi},
      {"test_hannwindow", kPi},
      {"test_hannwindow_expanded", kPi},
      {"test_hannwindow_symmetric", kPi},
      {"test_hannwindow_symmetric_expanded", kPi},
  };
  return known;
}

// A wrong outcome is not expressed where the data is at fault.
Outcome excused(const std::string& name, Outcome outcome) {
  const auto fault = faults().find(name);
  if (outcome.kind != Outcome::Kind::wrong || fault == faults().end()) return outcome;
  return Outcome::unexpressed("a fault of the data: " + fault->second);
}

// The bytes of a file. Throws as io::read_file.
std::vector<uint8_t> bytes_in(const fs::path& file) { return io::read_file(file, uint64_t{1} << 31); }

NamedArray read_tensor(const fs::path& file, const ValueMessage& about) {
  const std::vector<uint8_t> bytes = bytes_in(file);
  return lemnos::onnx::tensor_from(std::as_bytes(std::span(bytes)), about.type);
}

void add_inputs(Scope& scope, const Model& model, const fs::path& data) {
  std::set<std::string> initialized;
  for (const lemnos::onnx::Tensor& initializer : model.graph.initializers) initialized.insert(initializer.name);
  size_t number = 0;
  for (const ValueMessage& input : model.graph.inputs) {
    // What has an initializer is no input of the data.
    if (initialized.contains(input.name)) continue;
    const fs::path file = data / text("input_", number++, ".pb");
    if (!fs::exists(file)) continue;
    if (input.kind == "tensor")
      scope.add_input(input.name, read_tensor(file, input));
    else
      scope.add_unreadable(input.name, input.kind + "s in place of tensors");
  }
}

// As the types say: f16 has 11 bits, bf16 has 8, what is no number with a point is exact, and so is what only moves or
// is rounded once, but for bf16, to which the data was cut off rather than rounded.
Tolerance tolerance_for(const Array& want, Tolerance of_row) {
  const bool exact = of_row.relative == 0 && of_row.absolute == 0;
  if (want.dtype == "F16" && !exact) return {std::max(of_row.relative, 9.8e-4), std::max(of_row.absolute, 1e-6)};
  if (want.dtype == "BF16") return {std::max(of_row.relative, 7.9e-3), std::max(of_row.absolute, 1e-6)};
  return want.is_floating() ? of_row : kExact;
}

Outcome judge_data(const Device& device, const OpTable& table, const Model& model, const fs::path& data) {
  Scope scope(device);
  add_inputs(scope, model, data);
  require_tensors(model.graph.outputs);
  Runner(table, model, scope).run(model.graph);
  const bool alone = model.graph.nodes.size() == 1;
  const Tolerance tolerance = alone ? row_of(table, model.graph.nodes[0])->tolerance : kOnnx;
  std::vector<Array> wanted;
  std::vector<Claim> claims;
  wanted.reserve(model.graph.outputs.size());
  for (size_t i = 0; i < model.graph.outputs.size(); ++i) {
    const NamedArray want = read_tensor(data / text("output_", i, ".pb"), model.graph.outputs[i]);
    express_if(want.readable, want.array.dtype == "STRING" ? "strings" : "a tensor of " + lower_case(want.array.dtype));
    wanted.push_back(want.array);
    const Value value = scope.value(model.graph.outputs[i].name);
    if (is_floating(value.dtype()) != want.array.is_floating() && want.array.dtype != "BOOL")
      return Outcome::wrong(text("result ", i, " is ", value.dtype(), " instead of ", lower_case(want.array.dtype)));
    claims.push_back({text("result ", i), value, &wanted.back(), tolerance_for(want.array, tolerance)});
  }
  return judge(device, scope.inputs(), scope.arrays(), claims);
}

Outcome judge_model(const Device& device, const OpTable& table, const Model& model, const fs::path& folder) try {
  express_if(model.functions == 0, "functions of the model's own");
  Outcome outcome;
  std::set<fs::path> sets;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("test_data_set_")) sets.insert(entry.path());
  require(!sets.empty(), ErrorCode::not_found, folder.string(), ": has no data");
  for (const fs::path& data : sets) {
    outcome = judge_data(device, table, model, data);
    if (outcome.kind != Outcome::Kind::right) return outcome;
  }
  return outcome;
} catch (const Unexpressed& e) {
  return Outcome::unexpressed(e.what());
} catch (const std::exception& e) {
  return Outcome::wrong(e.what());
}

// The op of a single node; for more, what the case is named after: "expanded.softmax", "graph.PixelShuffle".
std::string op_of_case(const Model& model, const std::string& name) {
  if (model.graph.nodes.size() == 1) return qualified(model.graph.nodes[0]);
  const size_t begin = name.starts_with("test_operator_") ? 14 : name.starts_with("test_") ? 5 : 0;
  const std::string word = name.substr(begin, name.find('_', begin) - begin);
  return (name.find("_expanded") == std::string::npos ? "graph." : "expanded.") + word;
}

std::string family_of_case(const OpTable& table, const Model& model) {
  if (model.graph.nodes.size() != 1) return "graphs";
  const OpRow* row = row_of(table, model.graph.nodes[0]);
  return row ? row->family : "without a row";
}

// The folder itself, or where Debian's package has it.
fs::path root_of(const fs::path& folder) {
  const fs::path packaged = folder / "usr" / "share" / "libonnx-testdata" / "data";
  return fs::is_directory(packaged) ? packaged : folder;
}

}  // namespace

Report judge_onnx(const Device& device, const fs::path& folder, const std::string& only) {
  const OpTable table = op_table();
  Report report;
  std::set<fs::path> cases;
  for (const auto& group : fs::directory_iterator(root_of(folder))) {
    if (!group.is_directory()) continue;
    for (const auto& entry : fs::directory_iterator(group.path()))
      if (fs::exists(entry.path() / "model.onnx")) cases.insert(entry.path());
  }
  for (const fs::path& path : cases) {
    const std::string name = path.filename().string();
    const std::vector<uint8_t> file = bytes_in(path / "model.onnx");
    const Model model = lemnos::onnx::model_from(std::as_bytes(std::span(file)));
    const std::string op = op_of_case(model, name);
    if (!only.empty() && op != only && name != only) continue;
    report.add(family_of_case(table, model), op, op + ' ' + name,
               excused(name, judge_model(device, table, model, path)));
  }
  require(!report.empty(), ErrorCode::not_found, folder.string(), ": has no cases",
          only.empty() ? std::string() : text(" of '", only, "'"));
  return report;
}

}  // namespace lemnos::judges::onnx
