#include "lemnos/train.h"

#include <algorithm>

#include "base/pattern.h"
#include "base/text.h"
#include "data/columns.h"
#include "lemnos/log.h"
#include "train/record.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

TrainerOptions with_loss_scale(TrainerOptions options) {
  if (options.compute == DType::f16 && !options.update.loss_scale) options.update.loss_scale = optim::LossScale{};
  return options;
}

void require_known(const ModelState& state, const std::string& frozen) {
  std::string names;
  for (const auto& [id, entry] : state.entries()) {
    if (entry.purpose != Purpose::parameter) continue;
    if (matches(frozen, entry.name)) return;
    names += " " + entry.name;
  }
  fail(ErrorCode::not_found, "freeze: no parameter matches '", frozen, "'; there are", names);
}

void require_training(const data::Dataset& like, const train::Order& order, const TrainerOptions& options) {
  require(options.accumulate >= 1 && order.batch % options.accumulate == 0, ErrorCode::invalid_argument,
          "train: a batch of ", order.batch, " examples does not divide into ", options.accumulate, " parts");
  require(options.mixup == 0 || order.batch / options.accumulate > 1, ErrorCode::invalid_argument,
          "train: mixup needs two examples at once, there is one");
  require(like.y.desc.shape.rank() > 0, ErrorCode::invalid_argument, "train: the data set has no targets y");
}

}  // namespace

Trainer::Impl::Impl(Device chosen, Model the_model, TrainerOptions the_options)
    : device(std::move(chosen)),
      model(std::move(the_model)),
      options(with_loss_scale(std::move(the_options))),
      builder(model, options),
      learned(device, options.seed) {}

bool Trainer::Impl::is_resident(const data::Dataset& data) const {
  const DeviceInfo& info = device.info();
  if (info.type == DeviceType::cpu_reference) return true;
  uint64_t total = 0, widest = 0;
  data::for_each_array(data, [&](const data::Array& array) {
    total += array.desc.bytes();
    widest = std::max<uint64_t>(widest, array.desc.bytes());
  });
  // Half of the memory: parameters, activations and rows for predictions need memory too.
  const uint64_t room = info.caps.memory_limit ? info.caps.memory_limit : info.memory_bytes;
  return widest <= info.caps.max_storage_range && (room == 0 || total <= room / 2);
}

void Trainer::Impl::make_parameters(const std::vector<Shape>& wanted) {
  if (!examples.empty()) return;
  train::Learned::Attempt attempt(learned);
  Graph graph(learned.state());
  builder.add_parameters(graph, wanted);
  attempt.keep();
  examples = wanted;
}

std::vector<std::string> Trainer::Impl::learning() const {
  std::vector<std::string> names;
  for (const auto& [id, entry] : learned.state()->entries()) {
    const std::string& name = entry.name;
    const bool stays = std::ranges::any_of(frozen, [&](const std::string& pattern) { return matches(pattern, name); });
    if (entry.purpose == Purpose::parameter && !stays) names.push_back(entry.name);
  }
  return names;
}

std::unique_ptr<train::Pass> Trainer::Impl::make_pass(bool trains, const data::Dataset& like, const train::Order& order,
                                                      const train::Room& room) {
  train::Learned::Attempt attempt(learned);
  auto made = std::make_unique<train::Pass>(learned.session(), trains ? "train" : "evaluate");
  Graph& graph = made->graph();
  // An evaluation has a separate state: a pass over other data must not advance the training.
  made->state =
      trains ? step_state(graph) : graph.variable("evaluation", learned.step_state().desc(), {}, Purpose::scratch);
  made->feed.emplace(graph, made->state, like, order, room, options.seed);
  if (trains)
    builder.add_training(*made, like, learned.clocks_of(learning()));
  else
    builder.add_evaluation(*made, like);
  made->program = learned.session().compile({.targets = made->targets,
                                             .tuning = options.tuning,
                                             .tune_seconds = options.tune_seconds,
                                             .recompute = trains && options.recompute});
  attempt.keep();
  return made;
}

void Trainer::Impl::prepare_training(const data::Dataset& data, const train::Order& order, bool keep) {
  data.check("train");
  train::require_batches(data.size(), order);
  if (!is_resident(data)) {
    return prepare_training(keep ? data::source_of(data::Dataset(data)) : data::source_of(data), order);
  }
  end_stream();
  make_training(data, order, {.rows = data.size()}, data.size());
  training->feed->upload(learned.session(), data);
}

void Trainer::Impl::prepare_training(data::Source source, const train::Order& order) {
  const train::Room room = train::Stream::room_for(source, order.batch, device.info());
  train::require_batches(source.rows, order);
  end_stream();
  make_training(source.like, order, room, source.rows);
  streamed = std::move(source);
  stream = std::make_unique<train::Stream>(*training, streamed, options.seed, true);
}

void Trainer::Impl::resume() {
  if (training) set_rows(training->rows(), false);
  if (!stream) return;
  stream.reset();
  stream = std::make_unique<train::Stream>(*training, streamed, options.seed, true);
}

void Trainer::Impl::make_training(const data::Dataset& like, const train::Order& order, const train::Room& room,
                                  int64_t rows) {
  require_training(like, order, options);
  // A program serves fewer rows than it has room for, unless most of that would be unused.
  const bool has_room =
      training && training->feed->room().window == room.window &&
      (room.window || (rows <= training->feed->room().rows && 2 * rows >= training->feed->room().rows));
  const bool other = training && (training->feed->order() != order || training->rows() != rows);
  if (!has_room || stale || !training->feed->fits(like, order)) {
    if (training) builder.require_fits(like, order.batch);  // what does not fit says so before anything is made
    make_parameters(train::examples_of(like));
    for (const std::string& pattern : frozen) require_known(*learned.state(), pattern);
    training = make_pass(true, like, order, room);
    stale = false;
  }
  set_rows(rows, other);
}

void Trainer::Impl::set_rows(int64_t rows, bool rewind) {
  training->set_rows(rows, rewind);
  for (int clock = 1; clock < learned.clocks(); ++clock) {
    ops::StepWords words = learned.words(clock);
    words.set_rows(rows, training->batches(), rewind);
    learned.set_words(words, clock);
  }
  if (!other_seed.empty()) default_logger()(LogLevel::warning, other_seed);
  other_seed.clear();
}

void Trainer::Impl::end_stream() {
  stream.reset();
  streamed = {};
}

std::vector<StepMetrics> Trainer::Impl::train_steps(int64_t steps) {
  require(stream || !training->feed->room().window, ErrorCode::invalid_argument,
          "step: the last fit read its rows through windows, which no longer exist; call begin()");
  return training->run(steps, stream.get());
}

void Trainer::Impl::rethrow(const Error& error) const {
  if (error.code() != ErrorCode::device_lost) throw;
  throw Error(error.code(),
              text(error.what(), checkpoint.empty() ? "; nothing was saved" : "; the last checkpoint is ", checkpoint),
              error.where());
}

void Trainer::Impl::require_loss_scale() {
  if (!options.update.loss_scale) return;
  ops::StepWords words = learned.words();
  const int64_t lost = words.at_least_scale();
  if (lost == 0) return;
  words.forget_least_scale();  // whoever goes on is told of the next
  learned.set_words(words);
  fail(ErrorCode::out_of_range, "train: by step ", words.steps(), " the gradient was not finite ", lost,
       lost == 1 ? " time" : " times", " at the least loss scale, ", options.update.loss_scale->least, "; ",
       words.skipped(),
       " updates were skipped. A smaller loss scale does not help: lower the learning rate, or call first_bad_node()");
}

Trainer::Trainer(Device device, Model model, TrainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(device), std::move(model), std::move(options))) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

void Trainer::begin(const data::Dataset& train, int64_t batch_size, bool shuffle, bool drop_last) {
  impl_->prepare_training(train, {batch_size, shuffle, drop_last}, true);
}

Metrics Trainer::step(int64_t steps) {
  require(impl_->training != nullptr, ErrorCode::invalid_argument, "step: begin() has not been called");
  require(steps >= 0, ErrorCode::invalid_argument, "step: ", steps, " steps");
  try {
    const Metrics means = impl_->builder.tally().add(impl_->train_steps(steps)).means();
    impl_->require_loss_scale();
    return means;
  } catch (const Error& error) {
    impl_->rethrow(error);
  }
}

std::vector<float> Trainer::recent_losses(int64_t count) {
  std::vector<float> losses;
  if (!impl_->training) return losses;
  for (const StepMetrics& step : impl_->training->recent(count)) losses.push_back(static_cast<float>(step.loss));
  return losses;
}

int64_t Trainer::steps_done() { return impl_->learned.words().steps(); }

const Device& Trainer::device() const { return impl_->device; }
const TrainerOptions& Trainer::options() const { return impl_->options; }
Session& Trainer::session() { return impl_->learned.session(); }
Graph& Trainer::graph() { return impl_->learned.graph(); }
std::shared_ptr<Program> Trainer::step_program() {
  require(impl_->training != nullptr, ErrorCode::invalid_argument, "step_program: begin() has not been called");
  return impl_->training->program;
}

}  // namespace lemnos
