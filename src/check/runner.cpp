#include "check/runner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>

#include "base/half.h"
#include "base/hash.h"
#include "base/text.h"
#include "check/compare.h"
#include "check/specials.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"
#include "runtime/oracle.h"

namespace lemnos::check {

namespace {

std::string shape_text(const Case& c) {
  if (c.inputs.empty()) return "none";
  std::string out;
  for (int64_t extent : c.inputs[0].shape) out += text(out.empty() ? "" : "x", extent);
  return out.empty() ? "scalar" : out;
}

// The op that a case names, or null where its outputs are built in another way.
const OpDef* op_of(const Case& c) {
  if (c.definition) return c.definition;
  for (const OpDef* op : all_ops())
    if (op->name == c.op) return op;
  return nullptr;
}

std::vector<std::string> variants_of(const Case& c) {
  std::vector<std::string> names;
  if (const OpDef* op = op_of(c))
    for (const Variant& v : op->variants) names.push_back(v.name);
  return names.empty() ? std::vector<std::string>{""} : names;
}

// Whether case `nth` of the op in this type is run by variant `at` of `count`. Cases come in loops over layouts and
// shapes: in f32 the turn moves on by one more after each round, so that no variant meets the same layout for ever.
bool has_turn(DType dtype, size_t nth, size_t at, size_t count) {
  return dtype == DType::f32 ? (nth + nth / count + at) % count < 2 : (nth + at) % 3 == 0;
}

bool in_tier(const Run& run, Tier tier, size_t nth, size_t at, size_t count) {
  if (tier == Tier::whole) return true;
  if (tier == Tier::broad) return has_turn(run.dtype, nth, at, count);
  int64_t elements = 0;
  for (const Input& input : run.item->inputs) elements += input.shape.elements();
  // Half types take other cases than f32, and a third as many of them.
  const size_t step = tier == Tier::fast ? 3 : 9;
  const size_t offset = run.dtype == DType::f16 ? step : run.dtype == DType::bf16 ? 2 * step : 0;
  const size_t stride = run.dtype == DType::f32 ? step : 3 * step;
  return elements <= 20000 && run.index % stride == offset && (run.index / stride + at) % count < 2;
}

// The graphs of second derivatives are long, and a case more of an op launches the same kernels.
bool second_in_tier(Tier tier, size_t nth) {
  return tier == Tier::whole || (tier == Tier::broad ? nth % 4 == 0 : tier == Tier::fast && nth == 2);
}

// Small ones that have a floating input to put a special value into.
bool has_special(const Case& c, DType dtype) {
  int64_t elements = 0;
  bool floating = false;
  for (const Input& input : c.inputs) {
    elements += input.shape.elements();
    floating = floating || (input.dtype == DType::f32 && input.shape.elements() > 1);
  }
  return floating && is_floating(dtype) && c.no_specials.empty() && elements <= 2000;
}
bool special_in_tier(Tier tier, size_t nth) { return nth < (tier == Tier::whole ? 2 : tier == Tier::smoke ? 0 : 1); }

bool wanted(const Run& run, const Filter& f) {
  if (f.special && !run.special) return false;
  const auto is = [](const std::string& want, const std::string& have) { return want.empty() || want == have; };
  return is(f.op, run.item->op) && is(f.variant, run.variant) && is(f.dtype, lemnos::to_string(run.dtype)) &&
         is(f.direction, to_string(run.direction)) && is(f.shape, shape_text(*run.item)) &&
         (f.index < 0 || static_cast<size_t>(f.index) == run.index);
}

// One session on the device under test, with the inputs of a prepared case in it.
class Trial {
 public:
  Trial(const Prepared& prepared, const Device& device, const std::string& variant)
      : prepared_(prepared), session_(device.open(*prepared.graph, {.guard_bytes = kGuardBytes})) {
    program_ = session_->compile({.targets = prepared.outputs, .force_variant = variant, .guard_bytes = kGuardBytes});
  }

  std::vector<Bytes> run() { return run(prepared_.inputs); }
  std::vector<Bytes> run(const std::map<int, std::vector<double>>& inputs) {
    for (const auto& [id, values] : inputs) session_->write(value(id), encoded(id, values));
    program_->poison();
    const Status status = program_->run();
    require(status == Status::ok, ErrorCode::internal, "run: ", lemnos::to_string(status));
    std::vector<Bytes> results;
    for (Value output : prepared_.outputs) {
      results.emplace_back(output.desc().bytes());
      program_->read(output, results.back());
    }
    return results;
  }

  // The first thing outside the outputs that the run changed, or an empty string.
  std::string damage() {
    std::vector<std::string> lines = program_->damaged_guards();
    for (std::string& line : session_->damaged_guards()) lines.push_back(std::move(line));
    if (!lines.empty()) return lines.front();
    for (const auto& [id, values] : prepared_.inputs) {
      const bool updated = std::ranges::any_of(prepared_.graph->values(), [&, id = id](const ValueInfo& info) {
        return info.producer >= 0 && info.alias == id &&
               !prepared_.graph->nodes()[static_cast<size_t>(info.producer)].op->updates.empty();
      });
      Bytes now(prepared_.graph->info(id).desc.bytes());
      session_->read(value(id), now);
      if (!updated && now != encoded(id, values))
        return text("input '", prepared_.graph->info(id).name, "' was modified");
    }
    return {};
  }

 private:
  Value value(int id) const { return {prepared_.graph.get(), id}; }
  Bytes encoded(int id, const std::vector<double>& values) const {
    const TensorDesc& desc = prepared_.graph->info(id).desc;
    Bytes bytes(desc.bytes());
    encode(desc.dtype, values.data(), bytes.data(), values.size());
    return bytes;
  }

  const Prepared& prepared_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Program> program_;
};

Outcome failed(std::string message) { return {Outcome::Kind::failed, std::move(message), 0}; }

// What Determinism::across_devices leaves open counts as zero or as one NaN.
uint32_t plain_bits(uint32_t bits) {
  const uint32_t magnitude = bits & 0x7fffffffu;
  return magnitude < 0x00800000u ? 0 : magnitude > 0x7f800000u ? 0x7fc00000u : bits;
}

uint64_t bits_of(const Prepared& prepared, const std::vector<Bytes>& results) {
  Hash hash;
  for (size_t i = 0; i < results.size(); ++i) {
    Bytes bytes = results[i];
    for (size_t at = 0; prepared.outputs[i].dtype() == DType::f32 && at < bytes.size(); at += 4) {
      uint32_t bits = 0;
      std::memcpy(&bits, &bytes[at], 4);
      bits = plain_bits(bits);
      std::memcpy(&bytes[at], &bits, 4);
    }
    hash.number(bytes.size()).bytes(bytes.data(), bytes.size());
  }
  return hash.value();
}

// If most elements of a result are equal, the case tests little.
std::string degenerate_result(const Prepared& prepared, const std::vector<Bytes>& results) {
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string why = why_degenerate(decoded(prepared.outputs[i].desc(), results[i]));
    if (!why.empty()) return text(prepared.names[i], " is degenerate: ", why);
  }
  return {};
}

}  // namespace

Tier find_tier(std::string_view name) {
  constexpr std::string_view kNames[] = {"whole", "broad", "fast", "smoke"};
  const auto known = std::ranges::find(kNames, name.empty() ? kNames[0] : name);
  require(known != std::end(kNames), ErrorCode::invalid_argument, "check: no tier '", name,
          "', only whole, broad, fast, smoke");
  return static_cast<Tier>(known - std::begin(kNames));
}

std::vector<Run> expand(const std::vector<Case>& cases, const Filter& filter) {
  std::vector<Run> runs;
  std::map<std::string, size_t> counts;                     // of cases, by op
  std::map<std::pair<std::string, DType>, size_t> of_type;  // and of those with this type
  std::map<std::string, size_t> seconds;                    // and of those with second derivatives
  std::map<std::pair<std::string, DType>, size_t> specials;
  for (const Case& c : cases) {
    const size_t index = counts[c.op]++;
    const std::vector<std::string> variants = variants_of(c);
    for (DType dtype : c.dtypes) {
      const size_t nth = of_type[{c.op, dtype}]++;
      if (dtype == DType::f32 && has_second(c)) {
        // The forced variant of one op says nothing of the many ops that this takes.
        const Run run{&c, index, dtype, "", Direction::second, filter.seed, filter.preset};
        if (wanted(run, filter) && second_in_tier(filter.tier, seconds[c.op]++)) runs.push_back(run);
      }
      for (size_t at = 0; at < variants.size(); ++at)
        for (Direction direction : {Direction::forward, Direction::backward}) {
          if (direction == Direction::backward && !c.backward) continue;
          const Run run{&c, index, dtype, variants[at], direction, filter.seed, filter.preset};
          if (wanted(run, filter) && in_tier(run, filter.tier, nth, at, variants.size())) runs.push_back(run);
        }
      if (!has_special(c, dtype) || !special_in_tier(filter.tier, specials[{c.op, dtype}]++)) continue;
      for (const std::string& variant : variants)
        for (Direction direction : {Direction::forward, Direction::backward}) {
          if (direction == Direction::backward && !c.backward) continue;
          const Run run{&c, index, dtype, variant, direction, filter.seed, filter.preset, true};
          if (wanted(run, filter)) runs.push_back(run);
        }
    }
  }
  return runs;
}

std::string name_of(const Run& run) {
  return text(run.item->op, '/', lemnos::to_string(run.dtype), run.variant.empty() ? "" : "/", run.variant, '/',
              shape_text(*run.item), '/', to_string(run.direction), '/', run.index, run.special ? "/special" : "");
}

std::string reproducer(const Run& run, const DeviceInfo& device) {
  return text("lemnos check --op ", run.item->op, " --dtype ", lemnos::to_string(run.dtype),
              run.variant.empty() ? "" : " --variant ", run.variant, " --direction ", to_string(run.direction),
              " --case ", run.index, run.special ? " --special" : "", " --seed ", run.seed, " --device '", device.name,
              "'", run.preset.empty() ? "" : " --preset ", run.preset);
}

namespace {

bool has_nan(const std::vector<std::vector<double>>& results) {
  for (const std::vector<double>& result : results)
    for (double v : result)
      if (std::isnan(v)) return true;
  return false;
}

// One driver (SwiftShader 5.0) turns an infinite f16 into NaN in every kernel: tested once for each driver.
bool halves_have_infinities(const Device& device) {
  static std::mutex mutex;
  static std::map<std::string, bool> known;
  const std::lock_guard lock(mutex);
  const std::string key = text(device.info().name, device.info().driver_version);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  Graph graph;
  const std::vector<float> infinity{std::numeric_limits<float>::infinity()};
  const Value half = cast(graph.constant({1}, infinity), DType::f16);
  return known[key] = std::isinf(eval(device, cast(half, DType::f32))[0]);
}
constexpr const char* kNoInfinities = "this driver turns an infinite f16 into NaN";

bool has_infinite_half(const Prepared& p) {
  for (size_t i = 0; i < p.outputs.size(); ++i)
    if (p.outputs[i].dtype() == DType::f16 &&
        std::ranges::any_of(p.reference[i], [](double v) { return std::isinf(round_to(DType::f16, v)); }))
      return true;
  return false;
}

bool has_floating(const std::vector<Value>& values) {
  return std::ranges::any_of(values, [](Value v) { return is_floating(v.dtype()); });
}

std::vector<std::vector<double>> reference_of(const Prepared& p, const std::map<int, std::vector<double>>& inputs,
                                              DType dtype) {
  std::vector<int> targets;
  for (Value v : p.outputs) targets.push_back(v.id());
  return evaluate(*p.graph, targets, inputs, dtype != DType::f32);
}

// An empty string, or what is wrong with one special value in one input.
std::string special_fault(const Run& run, const Prepared& p, Trial& trial, int id, const Special& special) {
  const ValueInfo& input = p.graph->info(id);
  std::map<int, std::vector<double>> inputs = p.inputs;
  std::vector<double>& values = inputs[id];
  const size_t place = (7919 * run.seed + static_cast<size_t>(id)) % values.size();
  values[place] = special.value;
  std::vector<std::vector<double>> reference = reference_of(p, inputs, run.dtype);
  const std::vector<Bytes> results = trial.run(inputs);
  std::vector<std::vector<std::vector<double>>> neighbours;
  if (special.kind == Special::Kind::subnormal)
    for (const double value : {0.0, smallest_normal(input.desc.dtype)}) {
      values[place] = value;
      neighbours.push_back(reference_of(p, inputs, run.dtype));
    }
  const std::string where = text(special.name, " in ", input.name, '[', place, "]: ");
  if (special.kind == Special::Kind::nan && (run.direction == Direction::forward || input.name == "dy") &&
      run.item->nan_lost.empty() && has_floating(p.outputs)) {
    std::ranges::fill(values, special.value);  // one alone may be where nobody looks
    if (!has_nan(reference_of(p, inputs, run.dtype)))
      return text("NaN in all of ", input.name, ": the reference has none");
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const TensorDesc& desc = p.outputs[i].desc();
    SpecialReference right{std::move(reference[i]), {}};
    for (auto& all : neighbours) right.neighbours.push_back(std::move(all[i]));
    const std::string wrong = compare_special(special, decoded(desc, results[i]), right, desc, p.tolerances[i],
                                              !run.item->nan_spreads.empty());
    if (!wrong.empty()) return text(where, p.names[i], ' ', wrong);
  }
  return {};
}

}  // namespace

Outcome run_special(const Run& run, const Device& device) {
  try {
    if (run.dtype == DType::f16 && !halves_have_infinities(device)) return {Outcome::Kind::skipped, kNoInfinities, 0};
    const Prepared prepared = prepare(*run.item, run.dtype, run.direction, run.seed);
    Trial trial(prepared, device, run.variant);
    std::string faults;
    for (const auto& [id, values] : prepared.inputs) {
      if (values.empty() || !is_floating(prepared.graph->info(id).desc.dtype)) continue;
      for (const Special& special : specials_of(prepared.graph->info(id).desc.dtype)) {
        if (special.kind == Special::Kind::huge && !run.item->no_huge.empty()) continue;
        if (const std::string fault = special_fault(run, prepared, trial, id, special); !fault.empty())
          faults += (faults.empty() ? "" : "\n  ") + fault;
      }
    }
    return faults.empty() ? Outcome{} : failed(faults);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) return {Outcome::Kind::skipped, error.what(), 0};
    return failed(error.what());
  }
}

Outcome run_on(const Run& run, const Device& device) {
  if (run.special) return run_special(run, device);
  try {
    const Prepared prepared = prepare(*run.item, run.dtype, run.direction, run.seed);
    if (has_infinite_half(prepared) && !halves_have_infinities(device))
      return {Outcome::Kind::skipped, kNoInfinities, 0};
    const size_t messages = device.backend().validation_messages().size();
    Trial trial(prepared, device, run.variant);
    const std::vector<Bytes> results = trial.run();
    Outcome outcome = judge(prepared, results);
    outcome.bits = bits_of(prepared, results);
    if (outcome.kind == Outcome::Kind::failed) return outcome;
    // Where a function is linear in pieces, second derivatives are right to be zero.
    const bool trusted = !run.item->degenerate.empty() || run.direction == Direction::second;
    const std::string why = trusted ? "" : degenerate_result(prepared, results);
    if (!why.empty()) return failed(why);
    if (const std::string damage = trial.damage(); !damage.empty()) return failed(damage);
    if (trial.run() != results) return failed("a second run of the same program differs");
    const auto now = device.backend().validation_messages();
    if (now.size() > messages) return failed("validation: " + now[messages]);
    return outcome;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) return {Outcome::Kind::skipped, error.what(), 0};
    return failed(error.what());
  }
}

size_t Report::count(Finding::Kind kind) const {
  return static_cast<size_t>(std::ranges::count(findings, kind, &Finding::kind));
}
bool Report::passed() const { return count(Finding::Kind::passed) > 0 && count(Finding::Kind::failed) == 0; }
std::string Report::text() const {
  std::string lines;
  for (const Finding& f : findings)
    if (f.kind == Finding::Kind::failed) lines += lemnos::text(f.name, ": ", f.message, "\n");
  return lemnos::text(lines, count(Finding::Kind::passed), " passed, ", count(Finding::Kind::failed), " failed, ",
                      count(Finding::Kind::skipped), " skipped");
}

Report run(const std::vector<Case>& cases, const Device& device, uint64_t seed) {
  Report report;
  const auto add = [&](std::string name, Outcome outcome) {
    report.findings.push_back({std::move(name), outcome.kind, std::move(outcome.message)});
  };
  for (const Case& c : cases) {
    if (has_reference_checks(c)) add(c.op + "/reference", run_reference(c, seed));
    if (has_second(c)) add(c.op + "/second", run_second_differences(c, seed));
  }
  for (const Run& one : expand(cases, {.seed = seed})) add(name_of(one), run_on(one, device));
  return report;
}

namespace {

bool has_differences(const Case& c) { return c.backward && c.no_differences.empty(); }

}  // namespace

bool has_second(const Case& c) {
  int64_t elements = 0;
  for (const Input& input : c.inputs) elements += input.shape.elements();
  return has_differences(c) && c.no_second.empty() && elements <= 1500;
}

Outcome run_second_differences(const Case& c, uint64_t seed) {
  try {
    const std::string wrong = check_second_differences(c, seed);
    return wrong.empty() ? Outcome{} : failed(wrong);
  } catch (const Error& error) {
    if (c.definition && error.code() == ErrorCode::unsupported) return {Outcome::Kind::skipped, error.what(), 0};
    return failed(error.what());
  }
}

bool has_reference_checks(const Case& c) { return has_differences(c) || has_decomposition(c); }

Outcome run_reference(const Case& c, uint64_t seed) {
  try {
    std::string wrong = has_differences(c) ? check_differences(c, seed) : "";
    if (wrong.empty() && has_decomposition(c)) wrong = check_decomposition(c, seed);
    if (!wrong.empty()) return failed(wrong);
    return {};
  } catch (const Error& error) {
    return failed(error.what());
  }
}

}  // namespace lemnos::check
