#include "lemnos/predictor.h"

#include <cstring>

#include "base/text.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

constexpr int64_t kGrowth = 8;  // between the numbers of rows for which there are programs

/// One program, for so many rows.
struct Step {
  std::unique_ptr<Graph> graph;
  int64_t rows = 0;
  std::vector<Value> inputs, outputs;
  std::unique_ptr<Program> program;
};

int64_t columns_of(const Value& v) { return v.desc().elements() / v.shape()[0]; }

}  // namespace

struct Predictor::Impl {
  std::unique_ptr<Trainer> own;  // of a predictor that was made from a file
  Session* session = nullptr;
  int64_t most = 0;
  std::vector<Step> steps;  // by rows, the last for `most`
  std::vector<std::vector<float>> inputs, outputs;
  std::vector<bool> is_read;  // by output
  Step* last = nullptr;
  int64_t last_rows = 0;

  Impl(Trainer::Impl& trainer, int64_t most_rows) : session(&trainer.learned.session()), most(most_rows) {
    require(most >= 1, ErrorCode::invalid_argument, "predictor: ", most, " rows, it takes at least 1");
    require(
        !trainer.examples.empty(), ErrorCode::invalid_argument,
        "predictor: the trainer does not know the shapes of its inputs yet; call fit(), evaluate() or load() first");
    for (int64_t rows = 1; rows < most; rows *= kGrowth) add(trainer, rows);
    add(trainer, most);
    for (Value v : steps.back().inputs) inputs.emplace_back(static_cast<size_t>(v.desc().elements()));
    for (Value v : steps.back().outputs) outputs.emplace_back(static_cast<size_t>(v.desc().elements()));
    is_read.resize(outputs.size());
    // The first run and the first read of a program allocate, so they happen here.
    for (Step& step : steps) {
      const Status status = run(step.rows);
      require(status == Status::ok, status == Status::device_lost ? ErrorCode::device_lost : ErrorCode::out_of_memory,
              "predictor: the first run of ", step.rows, " rows: ", to_string(status));
      for (size_t i = 0; i < outputs.size(); ++i) (void)output(i);
    }
    last = nullptr;
  }

  void add(Trainer::Impl& trainer, int64_t rows) {
    Step made{.graph = std::make_unique<Graph>(trainer.learned.state()), .rows = rows};
    made.inputs = train::inputs_of(*made.graph, "batch", trainer.examples, rows);
    const nn::Scope scope = trainer.builder.scope(*made.graph, step_state(*made.graph), false);
    for (Value y : trainer.builder.predict(scope, made.inputs)) {
      require(y.shape().rank() >= 1 && y.shape()[0] == rows, ErrorCode::shape_mismatch,
              "predictor: an output of the model is ", y.desc(), " for ", rows, " rows; it takes one row for each");
      made.outputs.push_back(y);
    }
    made.program = session->compile(
        {.targets = made.outputs, .tuning = trainer.options.tuning, .tune_seconds = trainer.options.tune_seconds});
    steps.push_back(std::move(made));
  }

  Step& step_for(int64_t rows) {
    require(rows >= 1 && rows <= most, ErrorCode::invalid_argument, "predictor: ", rows, " rows, expected 1 to ", most);
    size_t at = 0;
    while (steps[at].rows < rows) ++at;
    return steps[at];
  }

  Status run(int64_t rows) {
    Step& step = step_for(rows);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto used = static_cast<size_t>(rows * columns_of(step.inputs[i]));
      session->write(step.inputs[i], std::as_bytes(std::span(inputs[i]).first(used)));
    }
    last = &step;
    last_rows = rows;
    is_read.assign(is_read.size(), false);
    return step.program->run();
  }

  std::span<const float> output(size_t i) {
    require(i < outputs.size(), ErrorCode::out_of_range, "predictor: output ", i, " of ", outputs.size());
    require(last != nullptr, ErrorCode::invalid_argument, "predictor: output: call run() first");
    const auto whole = static_cast<size_t>(last->outputs[i].desc().elements());
    if (!is_read[i]) last->program->read(last->outputs[i], std::as_writable_bytes(std::span(outputs[i]).first(whole)));
    is_read[i] = true;
    return std::span(outputs[i]).first(static_cast<size_t>(last_rows * columns_of(last->outputs[i])));
  }
};

Predictor::Predictor(Trainer& trainer, int64_t most_rows) : impl_(std::make_unique<Impl>(*trainer.impl_, most_rows)) {}
Predictor::Predictor(Device device, Model model, const std::filesystem::path& checkpoint, int64_t most_rows) {
  auto own = std::make_unique<Trainer>(std::move(device), std::move(model));
  own->impl_->load(checkpoint, Snapshot::Part::model);
  impl_ = std::make_unique<Impl>(*own->impl_, most_rows);
  impl_->own = std::move(own);
}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

int64_t Predictor::most_rows() const { return impl_->most; }
size_t Predictor::inputs() const { return impl_->inputs.size(); }
size_t Predictor::outputs() const { return impl_->outputs.size(); }
std::span<float> Predictor::input(size_t i) {
  require(i < impl_->inputs.size(), ErrorCode::out_of_range, "predictor: input ", i, " of ", impl_->inputs.size());
  return impl_->inputs[i];
}
Status Predictor::run(int64_t rows) { return impl_->run(rows); }
std::span<const float> Predictor::output(size_t i) { return impl_->output(i); }
Predictor::Part Predictor::part(int64_t rows) {
  Step& step = impl_->step_for(rows);
  return {*impl_->session, *step.program, step.rows, step.inputs, step.outputs};
}

}  // namespace lemnos
