#include "lemnos/train.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lemnos/autograd.h"
#include "ops/step_state.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

void require_ok(Status status, const char* doing) {
  if (status == Status::ok) return;
  const ErrorCode code = status == Status::device_lost ? ErrorCode::device_lost : ErrorCode::out_of_memory;
  fail(code, doing, ": ", to_string(status));
}

Value ring_variable(Graph& graph, const std::string& name) {
  return graph.variable(name, {Shape{train::kRingRows, train::kRingColumns}, DType::f32});
}

}  // namespace

Trainer::Impl::Impl(Device chosen, Model the_model, TrainerOptions the_options)
    : device(std::move(chosen)), model(std::move(the_model)), options(std::move(the_options)) {
  start_over();
}

void Trainer::Impl::start_over() {
  training = {};
  evaluations.clear();
  session.reset();
  graph = std::make_unique<Graph>();
  training.name = "train";
  training.state = step_state(*graph, options.seed);
  training.ring = ring_variable(*graph, "train.metrics");
  session = device.open(*graph);
}

nn::Scope Trainer::Impl::scope(Value scope_state, bool is_training) const {
  return {*graph, scope_state, is_training, options.seed};
}

void Trainer::Impl::build_parameters(const Shape& example) {
  if (!graph->parameters().empty()) return;
  std::vector<int64_t> dims{1};
  dims.insert(dims.end(), example.begin(), example.end());
  const Value x = graph->input("shape.x", {Shape(dims), DType::f32});
  (void)model(scope(training.state, false), x);  // no target needs these nodes: only the parameters stay
}

Value Trainer::Impl::finish(train::Pass& pass, Value loss) {
  const train::Batch& batch = pass.feed->batch();
  const bool counted = options.loss.classes() && batch.y.dtype() == DType::i32;
  // Without classes the rows that count are all that is known: {0, rows}.
  const Value counts = counted ? accuracy_count(pass.prediction, batch.y)
                               : reshape(sum(batch.mask), Shape{1}) * graph->constant({2}, std::vector<float>{0, 1});
  AdvanceOptions advance = optim::advance_options(options.optimizer);
  advance.batches_per_epoch = pass.feed->batches();
  advance.batch = pass.feed->batch_size();
  return finish_step(pass.state, pass.ring, reshape(loss, Shape{}), counts, advance);
}

void Trainer::Impl::build_training(const data::Dataset& data, int64_t batch, bool shuffle) {
  training.feed.emplace(*graph, text("train", feeds++), training.state, data, batch, shuffle, options.seed);
  const train::Batch& b = training.feed->batch();
  std::vector<Value> updates;  // of running statistics
  nn::Scope building = scope(training.state, true);
  building.updates = &updates;
  training.prediction = model(building, b.x);
  const Value loss = options.loss(training.prediction, b.y, b.mask);
  place_gradients(loss);
  const Value updated = optim::apply(*graph, options.optimizer, options.update);
  training.targets = {updated, finish(training, loss)};
  training.targets.insert(training.targets.end(), updates.begin(), updates.end());
  training.program = session->compile({.targets = training.targets});
}

void Trainer::Impl::prepare_training(const data::Dataset& data, int64_t batch, bool shuffle) {
  data.check("train");
  const bool fits = training.program && training.feed->fits(data, batch) && training.feed->shuffled() == shuffle;
  if (!fits && training.program) {
    // A model that does not fit the data must say so before anything is given up: on a copy.
    Graph trial = *graph;
    const Value x = trial.input("trial.x", {data.x.desc.shape, DType::f32});
    (void)model(nn::Scope(trial, Value(&trial, training.state.id()), true, options.seed), x);
    // A graph holds one optimizer: another data set or batch size gets a new graph, which goes on where this one was.
    std::map<std::string, std::vector<std::byte>> learned;
    for (const CheckpointEntry& e : checkpoint_entries(*graph)) {
      std::vector<std::byte>& bytes = learned[e.name];
      bytes.resize(e.desc.bytes());
      session->read(e.value, bytes, e.offset);
    }
    start_over();
    build_training(data, batch, shuffle);
    for (const CheckpointEntry& e : checkpoint_entries(*graph)) {
      require(learned[e.name].size() == e.desc.bytes(), ErrorCode::shape_mismatch, "train: '", e.name, "' is ", e.desc,
              " for this data and took ", learned[e.name].size(), " bytes for the data before");
      session->write(e.value, learned[e.name], e.offset);
    }
    const uint32_t first_batch = 0;
    session->write(training.state, std::as_bytes(std::span(&first_batch, 1)), STATE_CURSOR * sizeof first_batch);
  } else if (!fits) {
    build_parameters(data.example());
    build_training(data, batch, shuffle);
  }
  training.feed->upload(*session, data);
}

train::Pass& Trainer::Impl::prepare_evaluation(const data::Dataset& data, int64_t batch) {
  data.check("evaluate");
  const auto known = std::ranges::find_if(evaluations, [&](const auto& pass) { return pass->feed->fits(data, batch); });
  train::Pass* pass = known == evaluations.end() ? nullptr : known->get();
  if (!pass) {
    build_parameters(data.example());
    auto made = std::make_unique<train::Pass>();  // kept only once it is whole
    pass = made.get();
    pass->name = "evaluate";
    // State and ring of its own: passes over different data must not advance each other.
    const std::string name = text("evaluate", feeds++);
    pass->state = step_state(*graph, options.seed, name + ".step_state");
    pass->ring = ring_variable(*graph, name + ".metrics");
    pass->feed.emplace(*graph, name, pass->state, data, batch, false, options.seed);
    const train::Batch& b = pass->feed->batch();
    pass->prediction = model(scope(pass->state, false), b.x);
    const Value loss = options.loss(pass->prediction, b.y, b.mask);
    pass->targets = {finish(*pass, loss), pass->prediction};
    pass->program = session->compile({.targets = pass->targets});
    evaluations.push_back(std::move(made));
  }
  pass->feed->upload(*session, data);
  const auto words = initial_step_state(options.seed);
  session->write(pass->state, std::as_bytes(std::span(words)));
  return *pass;
}

int64_t Trainer::Impl::steps_done(const train::Pass& pass) {
  uint32_t step = 0;
  session->read(pass.state, std::as_writable_bytes(std::span(&step, 1)), STATE_STEP * sizeof step);
  return int64_t{step} - 1;
}

std::vector<float> Trainer::Impl::ring_rows(train::Pass& pass, int64_t steps) {
  std::vector<float> ring(static_cast<size_t>(train::kRingRows * train::kRingColumns));
  session->read(pass.ring, std::as_writable_bytes(std::span(ring)));
  const int64_t done = steps_done(pass);
  steps = std::min({steps, done, train::kRingRows});
  std::vector<float> rows;
  for (int64_t i = done - steps; i < done; ++i) {
    // Step numbers start at 1, and a step writes the row of its own number.
    const auto row = ring.begin() + ((i + 1) % train::kRingRows) * train::kRingColumns;
    rows.insert(rows.end(), row, row + train::kRingColumns);
  }
  return rows;
}

Metrics Trainer::Impl::run(train::Pass& pass, int64_t steps) {
  Metrics total;
  double correct = 0;
  while (steps > 0) {
    const int64_t now = std::min(steps, train::kRingRows);
    require_ok(pass.program->run(static_cast<uint32_t>(now)), pass.name.c_str());
    const std::vector<float> rows = ring_rows(pass, now);
    for (size_t i = 0; i < rows.size(); i += train::kRingColumns) {
      total.loss += static_cast<double>(rows[i]) * rows[i + 2];
      correct += rows[i + 1];
      total.samples += static_cast<int64_t>(rows[i + 2]);
    }
    steps -= now;
  }
  if (total.samples > 0) {
    total.loss /= static_cast<double>(total.samples);
    total.accuracy = correct / static_cast<double>(total.samples);
  }
  return total;
}

Trainer::Trainer(Device device, Model model, TrainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(device), std::move(model), std::move(options))) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

void Trainer::begin(const data::Dataset& train, int64_t batch_size, bool shuffle) {
  impl_->prepare_training(train, batch_size, shuffle);
}

Metrics Trainer::step(int64_t steps) {
  require(impl_->training.program != nullptr, ErrorCode::invalid_argument, "step: begin() has not been called");
  require(steps >= 0, ErrorCode::invalid_argument, "step: ", steps, " steps");
  return impl_->run(impl_->training, steps);
}

std::vector<float> Trainer::recent_losses(int64_t count) {
  const std::vector<float> rows = impl_->ring_rows(impl_->training, count);
  std::vector<float> losses;
  for (size_t i = 0; i < rows.size(); i += train::kRingColumns) losses.push_back(rows[i]);
  return losses;
}

int64_t Trainer::steps_done() { return impl_->steps_done(impl_->training); }

Metrics Trainer::evaluate(const data::Dataset& data, int64_t batch_size) {
  train::Pass& pass = impl_->prepare_evaluation(data, batch_size);
  return impl_->run(pass, pass.feed->batches());
}

std::vector<float> Trainer::predict(const data::Dataset& data, int64_t batch_size) {
  train::Pass& pass = impl_->prepare_evaluation(data, batch_size);
  const int64_t columns = pass.prediction.desc().elements() / batch_size;
  std::vector<float> all;
  for (int64_t b = 0; b < pass.feed->batches(); ++b) {
    require_ok(pass.program->run(1), "predict");
    const std::vector<float> rows = pass.program->read_floats(pass.prediction);
    const int64_t count = std::min(batch_size, data.size() - b * batch_size);
    all.insert(all.end(), rows.begin(), rows.begin() + count * columns);
  }
  return all;
}

const Device& Trainer::device() const { return impl_->device; }
Session& Trainer::session() { return *impl_->session; }
Graph& Trainer::graph() { return *impl_->graph; }
Program& Trainer::step_program() {
  require(impl_->training.program != nullptr, ErrorCode::invalid_argument, "step_program: begin() has not been called");
  return *impl_->training.program;
}

}  // namespace lemnos
