// lemnos.h: training and checkpoints.

#include "api/c_handles.h"
#include "api/c_model.h"

namespace lemnos::c {

namespace {

lemnos_metrics metrics_of(const Metrics& from) {
  lemnos_metrics to{};
  to.loss = from.loss;
  to.accuracy = from.accuracy;
  to.samples = from.samples;
  return to;
}

lemnos_progress progress_of(const Progress& from) {
  lemnos_progress to{};
  to.struct_size = sizeof to;
  to.epoch = from.epoch;
  to.epochs = from.epochs;
  to.step = from.step;
  to.steps = from.steps;
  to.loss = from.so_far.loss;
  to.accuracy = from.so_far.accuracy;
  to.samples_per_second = from.samples_per_second;
  return to;
}

// The last row of a history, as metrics.
lemnos_metrics last_row(const History& history, const std::string& prefix, int64_t samples) {
  const auto number = [&](const char* column) {
    return history.epochs() > 0 && history.has(prefix + column) ? history.last(prefix + column) : 0.0;
  };
  lemnos_metrics to{};
  to.loss = number("loss");
  to.accuracy = number("accuracy");
  to.samples = samples;
  return to;
}

Trainer& trainer_of(lemnos_trainer* trainer, const char* who) { return *given(trainer, who, "trainer").trainer; }

}  // namespace

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard, c::trainer_of;

extern "C" {

lemnos_result lemnos_trainer_create(lemnos_device* device, const lemnos_trainer_options* options,
                                    lemnos_trainer** trainer, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "trainer_create";
    given(trainer, kWho, "trainer") = nullptr;
    const lemnos_trainer_options from = c::input(options, kWho);
    TrainerOptions wanted{
        .loss = c::loss_of(from.loss, from.loss_options, from.loss_option_count),
        .optimizer = c::optimizer_of(from.optimizer, from.optimizer_options, from.optimizer_option_count)};
    wanted.update.clip_norm = from.clip_norm;
    if (from.seed) wanted.seed = from.seed;
    *trainer = new lemnos_trainer{std::make_shared<Trainer>(
        given(device, kWho, "device").device, c::model_of(from.layers, from.layer_count), std::move(wanted))};
  });
}

void lemnos_trainer_destroy(lemnos_trainer* trainer) { delete trainer; }

lemnos_result lemnos_trainer_fit(lemnos_trainer* trainer, const lemnos_dataset* dataset,
                                 const lemnos_fit_options* options, lemnos_metrics* train, lemnos_metrics* validation,
                                 lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "trainer_fit";
    const lemnos_fit_options from = c::input(options, kWho);
    const data::Dataset& data = given(dataset, kWho, "dataset").dataset;
    FitOptions fit{.epochs = from.epochs ? from.epochs : 1,
                   .batch_size = from.batch_size ? from.batch_size : 32,
                   .validation = from.validation ? &from.validation->dataset : nullptr,
                   .shuffle = from.keep_order == 0,
                   .verbosity = from.print ? Verbosity::automatic : Verbosity::silent};
    if (from.on_progress)
      fit.on_progress = [&](const Progress& progress) {
        const lemnos_progress shown = c::progress_of(progress);
        return from.on_progress(from.user, &shown) == 0;
      };
    const History history = trainer_of(trainer, kWho).fit(data, fit);
    c::output(train, c::last_row(history, "", data.size()), kWho);
    c::output(validation, c::last_row(history, "val_", fit.validation ? fit.validation->size() : 0), kWho);
  });
}

lemnos_result lemnos_trainer_evaluate(lemnos_trainer* trainer, const lemnos_dataset* dataset, int64_t batch_size,
                                      lemnos_metrics* metrics, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "trainer_evaluate";
    given(metrics, kWho, "metrics");
    const data::Dataset& data = given(dataset, kWho, "dataset").dataset;
    c::output(metrics, c::metrics_of(trainer_of(trainer, kWho).evaluate(data, batch_size ? batch_size : 256)), kWho);
  });
}

lemnos_result lemnos_trainer_predict(lemnos_trainer* trainer, const lemnos_dataset* dataset, int64_t batch_size,
                                     float* values, uint64_t* count, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "trainer_predict";
    uint64_t& room = given(count, kWho, "count");
    const data::Dataset& data = given(dataset, kWho, "dataset").dataset;
    const std::vector<float> all = trainer_of(trainer, kWho).predict(data, batch_size ? batch_size : 256);
    require(all.size() <= room && (values || all.empty()), ErrorCode::out_of_range, kWho, ": ", all.size(),
            " values, and there is room for ", values ? room : 0);
    std::ranges::copy(all, values);
    room = all.size();
  });
}

lemnos_result lemnos_trainer_begin(lemnos_trainer* trainer, const lemnos_dataset* dataset, int64_t batch_size,
                                   int shuffle, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "trainer_begin";
    trainer_of(trainer, kWho)
        .begin(given(dataset, kWho, "dataset").dataset, batch_size ? batch_size : 32, shuffle != 0);
  });
}

lemnos_result lemnos_trainer_step(lemnos_trainer* trainer, int64_t steps, lemnos_metrics* metrics,
                                  lemnos_error* error) {
  return guard(error, [&] {
    c::output(metrics, c::metrics_of(trainer_of(trainer, "trainer_step").step(steps)), "trainer_step");
  });
}

lemnos_result lemnos_trainer_save(lemnos_trainer* trainer, const char* path, lemnos_error* error) {
  return guard(error, [&] { trainer_of(trainer, "trainer_save").save(&given(path, "trainer_save", "path")); });
}

lemnos_result lemnos_trainer_load(lemnos_trainer* trainer, const char* path, lemnos_error* error) {
  return guard(error, [&] { trainer_of(trainer, "trainer_load").load(&given(path, "trainer_load", "path")); });
}

lemnos_result lemnos_trainer_step_program(lemnos_trainer* trainer, lemnos_program** program, lemnos_error* error) {
  return guard(error, [&] {
    given(program, "trainer_step_program", "program") = nullptr;
    Trainer& from = trainer_of(trainer, "trainer_step_program");
    auto made = std::make_unique<lemnos_program>();
    made->owner = trainer->trainer;
    made->program = from.step_program();
    made->graph = &from.graph();
    *program = made.release();
  });
}

}  // extern "C"
