#include "lemnos/train.h"

#include <algorithm>

#include "base/pattern.h"
#include "base/text.h"
#include "lemnos/autograd.h"
#include "ops/step_state.h"
#include "train/columns.h"
#include "train/record.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

void require_ok(Status status, const char* doing) {
  if (status == Status::ok) return;
  const ErrorCode code = status == Status::device_lost ? ErrorCode::device_lost : ErrorCode::out_of_memory;
  fail(code, doing, ": ", to_string(status));
}

// As in the losses: where no row counts, 0 is divided by this.
constexpr float kNothing = 1e-30f;

}  // namespace

Metrics train::mean_of(std::span<const StepMetrics> steps, const std::vector<std::string>& recorded) {
  Metrics total;
  for (const std::string& name : recorded) total.more.emplace_back(name, 0);
  double correct = 0, samples = 0;
  for (const StepMetrics& step : steps) {
    total.loss += step.loss * step.samples;
    for (size_t i = 0; i < recorded.size(); ++i) total.more[i].second += step.more[i] * step.samples;
    correct += step.correct;
    samples += step.samples;
  }
  total.samples = static_cast<int64_t>(samples);
  if (samples == 0) return total;
  total.loss /= samples;
  total.accuracy = correct / samples;
  for (auto& [name, value] : total.more) value /= samples;
  return total;
}

double Metrics::operator[](const std::string& name) const {
  if (name == "loss") return loss;
  if (name == "accuracy") return accuracy;
  std::string known = "loss, accuracy";
  for (const auto& [known_name, value] : more) {
    if (known_name == name) return value;
    known += ", " + known_name;
  }
  fail(ErrorCode::not_found, "metrics: no '", name, "'; there are ", known);
}

void train::join(Metrics& total, const Metrics& part) {
  const int64_t samples = total.samples + part.samples;
  if (samples == 0) return;
  const auto mean = [&](double a, double b) {
    return (a * static_cast<double>(total.samples) + b * static_cast<double>(part.samples)) /
           static_cast<double>(samples);
  };
  total.loss = mean(total.loss, part.loss);
  total.accuracy = mean(total.accuracy, part.accuracy);
  for (size_t i = 0; i < part.more.size(); ++i) {
    if (i == total.more.size()) total.more.emplace_back(part.more[i].first, 0);
    total.more[i].second = mean(total.more[i].second, part.more[i].second);
  }
  total.samples = samples;
}

Trainer::Impl::Impl(Device chosen, Model the_model, TrainerOptions the_options)
    : device(std::move(chosen)), model(std::move(the_model)), options(std::move(the_options)) {
  require(is_floating(options.compute), ErrorCode::invalid_argument, "trainer: compute is ", to_string(options.compute),
          ", it takes f32, f16 or bf16");
  require(options.average >= 0 && options.average < 1, ErrorCode::invalid_argument, "trainer: average ",
          options.average, " is outside [0, 1)");
  require(options.mixup >= 0 && options.mixup <= .5f, ErrorCode::invalid_argument, "trainer: mixup ", options.mixup,
          " is outside [0, 0.5]");
  recorded = train::recorded_names(options);
  if (options.compute == DType::f16 && !options.update.loss_scale) options.update.loss_scale = optim::LossScale{};
  start_over();
}

void Trainer::Impl::start_over() {
  training = {};
  evaluations.clear();
  session.reset();
  graph = std::make_unique<Graph>();
  training.name = "train";
  training.state = step_state(*graph, options.seed);
  training.ring = ring_variable("train.metrics");
  session = device.open(*graph);
}

nn::Scope Trainer::Impl::scope(Value scope_state, bool is_training) const {
  nn::Scope made(*graph, scope_state, is_training, options.seed);
  made.compute = options.compute;
  return made;
}

std::vector<Value> Trainer::Impl::predict(const nn::Scope& building, const std::vector<Value>& x) const {
  std::vector<Value> outputs = model(building, x);
  require(!outputs.empty(), ErrorCode::shape_mismatch, "model: ", model.kind(), " has no output");
  for (Value& y : outputs)
    if (is_floating(y.dtype())) y = cast(y, DType::f32);
  return outputs;
}

std::vector<Shape> train::examples_of(const data::Dataset& data) {
  std::vector<Shape> examples;
  for (const ColumnView& column : columns_of(data))
    if (column.use == ColumnView::Use::input) examples.push_back(column.array->desc.shape.without(0));
  return examples;
}

std::vector<Value> train::inputs_of(Graph& graph, const std::string& name, const std::vector<Shape>& examples,
                                    int64_t batch) {
  std::vector<Value> inputs;
  for (const Shape& example : examples) {
    std::vector<int64_t> dims{batch};
    dims.insert(dims.end(), example.begin(), example.end());
    inputs.push_back(
        graph.input(inputs.empty() ? name + ".x" : text(name, ".x", inputs.size()), {Shape(dims), DType::f32}));
  }
  return inputs;
}

void Trainer::Impl::build_parameters(const std::vector<Shape>& examples) {
  if (!graph->parameters().empty()) return;
  // No target needs these nodes: only the parameters stay.
  (void)model(scope(training.state, false), train::inputs_of(*graph, "shape", examples, 1));
}

Value Trainer::Impl::ring_variable(const std::string& name) const {
  const int64_t columns = train::kRingColumns + static_cast<int64_t>(recorded.size());
  return graph->variable(name, {Shape{train::kRingRows, columns}, DType::f32});
}

Value Trainer::Impl::finish(train::Pass& pass, const std::vector<Value>& losses) {
  const train::Batch& batch = pass.feed->batch();
  // Without classes the rows that count are all that is known: {0, rows}.
  const Value counts = options.loss.classes()
                           ? train::right_and_counted(pass.predictions[0], batch.y[0], batch.mask)
                           : reshape(sum(batch.mask), Shape{1}) * graph->constant({2}, std::vector<float>{0, 1});
  const Value more = train::recorded(options, pass.predictions, batch, losses);
  AdvanceOptions advance = optim::advance_options(options.optimizer);
  advance.batches_per_epoch = pass.feed->batches();
  advance.batch = pass.feed->batch_size();
  return finish_step(pass.state, pass.ring, reshape(options.loss.total(losses), Shape{}), counts, advance, more);
}

std::pair<std::vector<Value>, std::vector<Value>> Trainer::Impl::build_part(const nn::Scope& building,
                                                                            const train::Batch& part) {
  if (options.mixup == 0) {
    const std::vector<Value> outputs = predict(building, part.x);
    return {outputs, options.loss.each(outputs, part.y, part.mask)};
  }
  // The partner is the next row, the last row's the first: the batch is in random order already.
  const auto next = [](Value v) {
    const Value parts[] = {slice_axis(v, 0, 1, v.shape()[0]), slice_axis(v, 0, 0, 1)};
    return concat(parts, 0);
  };
  const train::Batch partner = part.each(next);
  const Value share =
      random_uniform(training.state, {Shape{}, DType::f32}, 0, options.mixup, static_cast<uint32_t>(options.seed));
  const Value rest = affine(share, -1, 1);
  std::vector<Value> mixed;
  for (size_t i = 0; i < part.x.size(); ++i) mixed.push_back(part.x[i] * rest + partner.x[i] * share);
  const std::vector<Value> outputs = predict(building, mixed);
  std::vector<Value> losses = options.loss.each(outputs, part.y, part.mask);
  const std::vector<Value> partners = options.loss.each(outputs, partner.y, partner.mask);
  for (size_t k = 0; k < losses.size(); ++k) losses[k] = losses[k] * rest + partners[k] * share;
  return {outputs, losses};
}

std::vector<Value> Trainer::Impl::build_gradients(const nn::Scope& building) {
  const train::Batch& whole = training.feed->batch();
  const int64_t parts = options.accumulate, rows = training.feed->batch_size() / parts;
  std::vector<Value> learning, totals, whole_losses;
  std::vector<std::vector<Value>> outputs;  // by output, a value for each part
  for (int64_t i = 0; i < parts; ++i) {
    const train::Batch part =
        whole.each([&](Value v) { return parts == 1 ? v : slice_axis(v, 0, i * rows, (i + 1) * rows); });
    auto [predictions, losses] = build_part(building, part);
    outputs.resize(predictions.size());
    for (size_t k = 0; k < outputs.size(); ++k) outputs[k].push_back(predictions[k]);
    // The parts count by their rows, so that padding weighs as it does in the whole batch.
    if (parts > 1)
      for (Value& one : losses) one = one * (sum(part.mask) / maximum(sum(whole.mask), graph->scalar(kNothing)));
    whole_losses.resize(losses.size());
    for (size_t k = 0; k < losses.size(); ++k)
      whole_losses[k] = whole_losses[k] ? whole_losses[k] + losses[k] : losses[k];
    const Value share = reshape(options.loss.total(losses), Shape{});
    if (learning.empty())
      for (Value p : graph->parameters())
        if (!is_frozen(p.name())) learning.push_back(p);
    totals.resize(learning.size());
    const Value scaled =
        options.update.loss_scale ? share * loss_scale(training.state, options.update.loss_scale->initial) : share;
    const std::vector<Value> found = gradients(scaled, learning);
    for (size_t p = 0; p < learning.size(); ++p)
      if (found[p]) totals[p] = totals[p] ? totals[p] + found[p] : found[p];
  }
  place_gradients(learning, totals);
  training.predictions.clear();
  for (const std::vector<Value>& output : outputs)
    training.predictions.push_back(parts == 1 ? output[0] : concat(output, 0));
  return whole_losses;
}

bool Trainer::Impl::is_frozen(const std::string& parameter) const {
  return std::ranges::any_of(frozen, [&](const std::string& f) { return matches(f, parameter); });
}

std::vector<optim::Group> Trainer::Impl::groups() const {
  std::vector<optim::Group> made = options.update.groups;
  std::vector<NamedGroup> named = options.groups;
  for (const std::string& name : frozen) named.push_back({.parameters = name, .lr_scale = 0});
  for (const NamedGroup& group : named) {
    optim::Group& g =
        made.emplace_back(optim::Group{.lr_scale = group.lr_scale, .weight_decay_scale = group.weight_decay_scale});
    for (Value p : graph->parameters())
      if (matches(group.parameters, p.name())) g.parameters.push_back(p);
    if (!g.parameters.empty()) continue;
    std::string names;
    for (Value p : graph->parameters()) names += " " + p.name();
    fail(ErrorCode::not_found, "group: no parameter matches '", group.parameters, "'; there are", names);
  }
  return made;
}

void Trainer::Impl::build_training(const data::Dataset& data, const train::Order& order) {
  training.feed.emplace(*graph, text("train", feeds++), training.state, data, order, options.seed);
  std::vector<Value> updates;  // of running statistics
  nn::Scope building = scope(training.state, true);
  building.updates = &updates;
  const std::vector<Value> losses = build_gradients(building);
  train::require_logits(options, training.predictions, data);
  optim::UpdateOptions update = options.update;
  update.groups = groups();
  const Value updated = optim::apply(*graph, options.optimizer, update);
  training.targets = {updated};
  if (options.average > 0) training.targets.push_back(optim::average_parameters(*graph, updated, options.average));
  training.targets.push_back(finish(training, losses));
  training.targets.insert(training.targets.end(), updates.begin(), updates.end());
  training.program = session->compile({.targets = training.targets,
                                       .tuning = options.tuning,
                                       .tune_seconds = options.tune_seconds,
                                       .recompute = options.recompute});
  stale = false;
}

void Trainer::Impl::prepare_training(const data::Dataset& data, const train::Order& order) {
  data.check("train");
  train::require_batches(data, order);
  require(options.accumulate >= 1 && order.batch % options.accumulate == 0, ErrorCode::invalid_argument,
          "train: a batch of ", order.batch, " examples does not divide into ", options.accumulate, " parts");
  require(options.mixup == 0 || order.batch / options.accumulate > 1, ErrorCode::invalid_argument,
          "train: mixup needs two examples at once, there is one");
  require(data.y.desc.shape.rank() > 0, ErrorCode::invalid_argument, "train: the data set has no targets y");
  const bool fits = training.program && !stale && training.feed->fits(data, order);
  if (!fits && training.program) {
    // A model that does not fit the data must say so before anything is given up: on a copy.
    Graph trial = *graph;
    nn::Scope trying(trial, Value(&trial, training.state.id()), true, options.seed);
    trying.compute = options.compute;
    const auto inputs = train::inputs_of(trial, "trial", train::examples_of(data), order.batch);
    train::require_logits(options, model(trying, inputs), data);
    // A graph holds one optimizer: another data set or batch size gets a new graph, which goes on where this one was.
    const Snapshot learned = snapshot(Snapshot::Part::everything);
    start_over();
    build_training(data, order);
    restore(learned);
    const uint32_t first_batch = 0;
    session->write(training.state, std::as_bytes(std::span(&first_batch, 1)), STATE_CURSOR * sizeof first_batch);
  } else if (!fits) {
    build_parameters(train::examples_of(data));
    build_training(data, order);
  }
  training.feed->upload(*session, data);
}

train::Pass& Trainer::Impl::prepare_evaluation(const data::Dataset& data, int64_t batch) {
  data.check("evaluate");
  const train::Order order{.batch = batch};
  const auto known = std::ranges::find_if(evaluations, [&](const auto& pass) { return pass->feed->fits(data, order); });
  train::Pass* pass = known == evaluations.end() ? nullptr : known->get();
  if (!pass) {
    build_parameters(train::examples_of(data));
    auto made = std::make_unique<train::Pass>();  // kept only once it is whole
    pass = made.get();
    pass->name = "evaluate";
    // State and ring of its own: passes over different data must not advance each other.
    const std::string name = text("evaluate", feeds++);
    pass->state = step_state(*graph, options.seed, name + ".step_state");
    pass->ring = ring_variable(name + ".metrics");
    pass->feed.emplace(*graph, name, pass->state, data, order, options.seed);
    const train::Batch& b = pass->feed->batch();
    pass->predictions = predict(scope(pass->state, false), b.x);
    train::require_logits(options, pass->predictions, data);
    // Without targets there is nothing to judge: only the batches are gone through.
    const AdvanceOptions batches{.batches_per_epoch = pass->feed->batches(), .batch = batch};
    pass->targets = {b.y.empty() ? advance_step(pass->state, batches)
                                 : finish(*pass, options.loss.each(pass->predictions, b.y, b.mask))};
    pass->targets.insert(pass->targets.end(), pass->predictions.begin(), pass->predictions.end());
    pass->program =
        session->compile({.targets = pass->targets, .tuning = options.tuning, .tune_seconds = options.tune_seconds});
    evaluations.push_back(std::move(made));
  }
  pass->feed->upload(*session, data);
  const auto words = initial_step_state(options.seed);
  session->write(pass->state, std::as_bytes(std::span(words)));
  return *pass;
}

std::vector<uint32_t> Trainer::Impl::state_words(const train::Pass& pass) {
  std::vector<uint32_t> words(STATE_WORDS);
  session->read(pass.state, std::as_writable_bytes(std::span(words)));
  return words;
}

int64_t Trainer::Impl::steps_done(const train::Pass& pass) { return int64_t{state_words(pass)[STATE_STEP]} - 1; }

std::vector<StepMetrics> Trainer::Impl::recent(train::Pass& pass, int64_t steps) {
  const size_t columns = static_cast<size_t>(train::kRingColumns) + recorded.size();
  std::vector<float> ring(static_cast<size_t>(train::kRingRows) * columns);
  session->read(pass.ring, std::as_writable_bytes(std::span(ring)));
  const int64_t done = steps_done(pass);
  std::vector<StepMetrics> rows;
  for (int64_t step = done - std::min({steps, done, train::kRingRows}) + 1; step <= done; ++step) {
    // Step numbers start at 1, and a step writes the row of its own number.
    const float* row = ring.data() + static_cast<size_t>(step % train::kRingRows) * columns;
    rows.push_back({.step = step, .loss = row[0], .correct = row[1], .samples = row[2], .learning_rate = row[3]});
    rows.back().more.assign(row + train::kRingColumns, row + columns);
  }
  return rows;
}

void Trainer::Impl::submit(train::Pass& pass, int64_t steps) {
  require_ok(pass.program->run(static_cast<uint32_t>(steps)), pass.name.c_str());
}

std::vector<StepMetrics> Trainer::Impl::run(train::Pass& pass, int64_t steps) {
  std::vector<StepMetrics> all;
  while (steps > 0) {
    const int64_t now = std::min(steps, train::kRingRows);
    submit(pass, now);
    const std::vector<StepMetrics> part = recent(pass, now);
    all.insert(all.end(), part.begin(), part.end());
    steps -= now;
  }
  return all;
}

Trainer::Trainer(Device device, Model model, TrainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(device), std::move(model), std::move(options))) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

void Trainer::begin(const data::Dataset& train, int64_t batch_size, bool shuffle, bool drop_last) {
  impl_->prepare_training(train, {batch_size, shuffle, drop_last});
}

Metrics Trainer::step(int64_t steps) {
  require(impl_->training.program != nullptr, ErrorCode::invalid_argument, "step: begin() has not been called");
  require(steps >= 0, ErrorCode::invalid_argument, "step: ", steps, " steps");
  return train::mean_of(impl_->run(impl_->training, steps), impl_->recorded);
}

std::vector<float> Trainer::recent_losses(int64_t count) {
  std::vector<float> losses;
  for (const StepMetrics& step : impl_->recent(impl_->training, count)) losses.push_back(static_cast<float>(step.loss));
  return losses;
}

int64_t Trainer::steps_done() { return impl_->steps_done(impl_->training); }

const Device& Trainer::device() const { return impl_->device; }
const TrainerOptions& Trainer::options() const { return impl_->options; }
Session& Trainer::session() { return *impl_->session; }
Graph& Trainer::graph() { return *impl_->graph; }
Program& Trainer::step_program() {
  require(impl_->training.program != nullptr, ErrorCode::invalid_argument, "step_program: begin() has not been called");
  return *impl_->training.program;
}

}  // namespace lemnos
