// Checkpoints: parameters by name, variables by name, and each optimizer slot cut into the parameters' parts
// ("optimizer.adam.m/0.weight"), so that a part of one can be loaded into another network by name.

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/half.h"
#include "base/text.h"
#include "io/number_text.h"
#include "io/safetensors.h"
#include "lemnos/log.h"
#include "optim/spec.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

// Weights are f32 in a trainer; files of others often hold halves, whose values f32 has.
bool fits(const TensorDesc& file, const TensorDesc& model) {
  return file.shape == model.shape &&
         (file.dtype == model.dtype || (is_floating(file.dtype) && model.dtype == DType::f32));
}

Snapshot::Tensor taken_from(const io::NamedTensor& tensor, const train::CheckpointEntry& e) {
  const auto bytes = std::as_bytes(std::span(tensor.bytes));
  if (tensor.desc.dtype == e.desc.dtype) return {e.name, e.desc, {bytes.begin(), bytes.end()}};
  std::vector<double> numbers(static_cast<size_t>(e.desc.elements()));
  decode(tensor.desc.dtype, bytes.data(), numbers.data(), numbers.size());
  Snapshot::Tensor taken{e.name, e.desc, std::vector<std::byte>(e.desc.bytes())};
  encode(e.desc.dtype, numbers.data(), taken.bytes.data(), numbers.size());
  return taken;
}

// The tensor of this name; earlier versions wrote "state/" before the names of running statistics.
const io::NamedTensor* tensor_of(const std::map<std::string, const io::NamedTensor*>& by_name,
                                 const train::CheckpointEntry& e) {
  auto found = by_name.find(e.name);
  if (found == by_name.end() && e.purpose == Purpose::statistic) found = by_name.find("state/" + e.name);
  return found == by_name.end() ? nullptr : found->second;
}

std::vector<std::string> unsupported_of(const io::TensorFile& file) {
  std::vector<std::string> all;
  for (const io::UnsupportedTensor& tensor : file.unsupported) all.push_back(io::to_string(tensor));
  return all;
}

}  // namespace

// What a file says of itself beside its tensors.
namespace {

constexpr const char *kSeed = "seed", *kInputs = "inputs", *kClocks = "clocks";

/// "1x28x28;10"
std::string text_of(const std::vector<Shape>& examples) {
  std::string all;
  for (const Shape& example : examples) {
    std::string one;
    for (int64_t extent : example) one += text(one.empty() ? "" : "x", extent);
    all += text(all.empty() ? "" : ";", one);
  }
  return all;
}

std::vector<std::string> words_of(const std::string& line, char separator) {
  std::vector<std::string> words;
  for (size_t from = 0, end; from < line.size(); from = end + 1) {
    end = std::min(line.find(separator, from), line.size());
    words.push_back(line.substr(from, end - from));
  }
  return words;
}

int64_t number_of(const std::string& word, const std::string& where, const char* what) {
  int64_t number = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
  require(parsed.ec == std::errc() && parsed.ptr == word.data() + word.size() && number >= 0, ErrorCode::corrupt_data,
          where, ": '", what, "' holds '", word, "', which is not a number");
  return number;
}

std::vector<Shape> examples_in(const std::string& line, const std::string& where) {
  std::vector<Shape> examples;
  for (const std::string& one : words_of(line, ';')) {
    std::vector<int64_t> extents;
    for (const std::string& extent : words_of(one, 'x')) extents.push_back(number_of(extent, where, kInputs));
    examples.emplace_back(extents);
  }
  return examples;
}

/// "4.weight=1;4.bias=1"
std::map<std::string, int> clocks_in(const std::string& line, const std::string& where) {
  std::map<std::string, int> clock_of;
  for (const std::string& one : words_of(line, ';')) {
    const size_t at = one.rfind('=');
    require(at != std::string::npos, ErrorCode::corrupt_data, where, ": '", kClocks, "' holds '", one, "'");
    clock_of[one.substr(0, at)] = static_cast<int>(number_of(one.substr(at + 1), where, kClocks) % 1024);
  }
  return clock_of;
}

std::string metadata_of(const io::TensorFile& file, const char* key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? std::string() : found->second;
}

bool is_of_a_run(const std::string& tensor) {
  return tensor.starts_with("optimizer.") || tensor.starts_with("state/step_state");
}

/// The slot of "optimizer.adam.m/0.weight": "adam.m"; empty for other tensors.
std::string slot_of(const std::string& tensor) {
  constexpr std::string_view kPrefix = "optimizer.";
  const size_t end = tensor.find('/');
  if (!tensor.starts_with(kPrefix) || end == std::string::npos) return {};
  return tensor.substr(kPrefix.size(), end - kPrefix.size());
}

/// What the state of this optimizer is called.
std::map<std::string, float> slots_of(const TrainerOptions& options) {
  const optim::Spec spec = optim::spec_of(options.optimizer);
  std::map<std::string, float> slots;
  for (size_t i = 0; i < spec.slots.size(); ++i)
    slots[optim::name_of(options.optimizer) + "." + spec.slots[i]] = i == 0 ? spec.slot_start : 0;
  if (options.average > 0) slots["average"] = 0;
  return slots;
}

/// Makes room for the optimizer's state in a file, which belongs to the optimizer of these options.
void add_slots(ModelState& state, const TrainerOptions& options, const io::TensorFile& file, const std::string& where) {
  const std::map<std::string, float> own = slots_of(options);
  std::string names;
  for (const auto& [name, start] : own) names += (names.empty() ? "" : ", ") + name;
  for (const io::NamedTensor& tensor : file.tensors) {
    const std::string slot = slot_of(tensor.name);
    if (slot.empty()) continue;
    const auto known = own.find(slot);
    require(known != own.end(), ErrorCode::shape_mismatch, where, ": holds '", tensor.name, "' ", tensor.desc,
            ", but this trainer's ", optim::name_of(options.optimizer), " keeps ", names.empty() ? "nothing" : names,
            "; load_matching() takes the model alone");
    if (state.find(slot) < 0) (void)state.add_slot(slot, known->second);
  }
}

}  // namespace

void Trainer::save(const std::filesystem::path& path, const std::map<std::string, std::string>& notes) {
  const Snapshot all = snapshot(Snapshot::Part::everything);
  std::vector<io::TensorView> views;
  for (const Snapshot::Tensor& t : all.tensors)
    views.push_back({t.name, t.desc, {reinterpret_cast<const uint8_t*>(t.bytes.data()), t.bytes.size()}});
  std::map<std::string, std::string> metadata{{"format", "lemnos"}, {kSeed, std::to_string(impl_->options.seed)}};
  if (!impl_->examples.empty()) metadata[kInputs] = text_of(impl_->examples);
  if (impl_->learned.clocks() > 1) {
    std::string& line = metadata[kClocks];
    for (const auto& [name, clock] : impl_->learned.clock_by_parameter())
      line += text(line.empty() ? "" : ";", name, '=', clock);
  }
  for (const auto& [key, note] : notes)
    require(metadata.emplace(key, note).second, ErrorCode::invalid_argument, path.string(), ": the note '", key,
            "' is Lemnos's own");
  io::write_safetensors(path, views, metadata);
  impl_->checkpoint = path.string();
}

void Trainer::load(const std::filesystem::path& path) { impl_->load(path, Snapshot::Part::everything); }

void Trainer::Impl::load(const std::filesystem::path& path, Snapshot::Part part) {
  io::TensorFile file = io::read_safetensors(path);
  if (part == Snapshot::Part::model) {
    std::erase_if(file.tensors, [](const io::NamedTensor& tensor) { return is_of_a_run(tensor.name); });
    file.metadata.erase(kClocks);
  }
  const std::string where = path.string();
  const std::string inputs = metadata_of(file, kInputs);
  require(
      !examples.empty() || !inputs.empty(), ErrorCode::invalid_argument, where,
      ": does not contain the input shapes of its model, and this trainer has no data yet; call fit(), evaluate() or "
      "summary() first, or load_matching() with the shape of an example");
  train::Learned::Attempt attempt(learned);
  const std::vector<Shape> before = examples;
  try {
    if (examples.empty()) make_parameters(examples_in(inputs, where));
    add_slots(*learned.state(), options, file, where);
    const std::map<std::string, int> clocks = clocks_in(metadata_of(file, kClocks), where);
    if (!clocks.empty()) learned.set_clocks(clocks);
    learned.restore(matched(file, where));
    if (!file.unsupported.empty())
      default_logger()(LogLevel::warning,
                       text(where, ": skipped, of unsupported types: ", io::first_of(unsupported_of(file))));
  } catch (...) {
    examples = before;
    throw;
  }
  attempt.keep();
  const std::string seed = metadata_of(file, kSeed), own = std::to_string(options.seed);
  const bool has_steps = std::ranges::any_of(file.tensors, [](const auto& tensor) { return is_of_a_run(tensor.name); });
  if (has_steps && !seed.empty() && seed != own)
    other_seed = text(where, ": was trained with the seed ", seed, ", this trainer's is ", own,
                      ": the order of the rows, dropout and noise differ from both runs from here on; set "
                      "TrainerOptions::seed = ",
                      seed, " to go on as that run would have");
  checkpoint = where;
  resume();
  stale = true;  // which parameters share a clock may have changed
}

namespace {

Snapshot::Tensor as_at_the_start(const train::CheckpointEntry& e) {
  const Graph& graph = e.value.graph();
  const auto& initial = graph.state()->entry(graph.info(e.value).entry).initial;
  std::vector<std::byte> bytes(e.desc.bytes());
  if (initial) std::copy_n(initial->begin() + static_cast<std::ptrdiff_t>(e.offset), bytes.size(), bytes.begin());
  return {e.name, e.desc, std::move(bytes)};
}

}  // namespace

// Everything is checked before anything is written.
Snapshot Trainer::Impl::matched(const io::TensorFile& file, const std::string& where) {
  std::map<std::string, const io::NamedTensor*> by_name;
  bool has_state = false, has_steps = false;
  for (const io::NamedTensor& tensor : file.tensors) {
    by_name[tensor.name] = &tensor;
    has_state = has_state || tensor.name.starts_with("state/");
    has_steps = has_steps || is_of_a_run(tensor.name);
  }
  Snapshot taken;
  for (const train::CheckpointEntry& e : learned.entries()) {
    if (!has_steps && !e.belongs_to_model()) continue;
    const io::NamedTensor* found = tensor_of(by_name, e);
    if (!found) {
      // A file of weights alone leaves the rest as it is; a file saved before the first step has no slots.
      require(e.purpose != Purpose::parameter && (!has_state || e.purpose == Purpose::optimizer), ErrorCode::not_found,
              where, ": has no tensor '", e.name, "' ", e.desc);
      if (has_state) taken.tensors.push_back(as_at_the_start(e));
      continue;
    }
    require(fits(found->desc, e.desc), ErrorCode::shape_mismatch, where, ": '", e.name, "' is ", found->desc,
            " in the file and ", e.desc, " in the model");
    taken.tensors.push_back(taken_from(*found, e));
    by_name.erase(found->name);
  }
  require(by_name.empty(), ErrorCode::shape_mismatch, where, ": holds ", file.tensors.size(),
          " tensors, the model takes ", file.tensors.size() - by_name.size(),
          " of them; the first that it does not know is '", by_name.empty() ? "" : by_name.begin()->first, "'");
  return taken;
}

LoadReport Trainer::load_matching(const std::filesystem::path& path, const Shape& example) {
  return impl_->load_matching(path, {example});
}
LoadReport Trainer::load_matching(const std::filesystem::path& path, const data::Dataset& data) {
  return impl_->load_matching(path, train::examples_of(data));
}

LoadReport Trainer::Impl::load_matching(const std::filesystem::path& path, const std::vector<Shape>& shapes) {
  const io::TensorFile file = io::read_safetensors(path);
  std::map<std::string, const io::NamedTensor*> by_name;
  for (const io::NamedTensor& tensor : file.tensors) by_name[tensor.name] = &tensor;
  make_parameters(shapes);
  LoadReport report{.loaded = {}, .other_shape = {}, .missing = {}, .unused = {}, .unsupported = unsupported_of(file)};
  Snapshot taken;
  std::set<std::string> known;
  for (const train::CheckpointEntry& e : learned.entries()) {
    if (!e.belongs_to_model()) continue;
    const io::NamedTensor* found = tensor_of(by_name, e);
    known.insert(found ? found->name : e.name);
    if (!found) {
      report.missing.push_back(e.name);
    } else if (!fits(found->desc, e.desc)) {
      report.other_shape.push_back(text(e.name, ": ", found->desc, " in the file, ", e.desc, " in the model"));
    } else {
      report.loaded.push_back(e.name);
      taken.tensors.push_back(taken_from(*found, e));
    }
  }
  for (const io::NamedTensor& tensor : file.tensors) {
    if (!known.contains(tensor.name) && !is_of_a_run(tensor.name)) report.unused.push_back(tensor.name);
  }
  require(!report.loaded.empty(), ErrorCode::not_found, path.string(), ": no tensor in it matches the model\n",
          to_string(report));
  learned.restore(taken);
  return report;
}

std::string to_string(const LoadReport& report) {
  std::string out;
  const auto lines = [&](const char* what, const std::vector<std::string>& names) {
    for (const std::string& name : names) out += text(what, name, '\n');
  };
  lines("loaded       ", report.loaded);
  lines("other shape  ", report.other_shape);
  lines("missing      ", report.missing);
  lines("unused       ", report.unused);
  lines("unsupported  ", report.unsupported);
  return out;
}

namespace io {
void save(Trainer& trainer, const std::filesystem::path& path) { trainer.save(path); }
void load(Trainer& trainer, const std::filesystem::path& path) { trainer.load(path); }
}  // namespace io

}  // namespace lemnos
