// lemnos.h: sessions and programs.

#include "api/c_handles.h"

namespace lemnos::c {

Budget budget_of(const lemnos_budget& budget) { return {.microseconds = budget.microseconds, .steps = budget.steps}; }

lemnos_advanced advanced_of(const Advanced& from) {
  lemnos_advanced to{};
  to.segments = from.segments;
  to.steps = from.steps;
  to.microseconds = from.microseconds;
  to.step_done = from.step_done;
  to.total_steps = from.total_steps;
  return to;
}

std::shared_ptr<Program> program_of(const lemnos_program* program, const char* who) {
  std::shared_ptr<Program> found = given(program, who, "program").program.lock();
  require(found != nullptr, ErrorCode::invalid_argument, who,
          ": the trainer has compiled another step program since; call lemnos_trainer_step_program again");
  return found;
}

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard, c::program_of, c::guard_status;

extern "C" {

lemnos_result lemnos_session_open(lemnos_device* device, lemnos_graph* graph, lemnos_session** session,
                                  lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "session_open";
    given(session, kWho, "session") = nullptr;
    auto open = std::make_shared<c::OpenSession>();
    open->graph = given(graph, kWho, "graph").graph;
    open->session = given(device, kWho, "device").device.open(*open->graph);
    *session = new lemnos_session{std::move(open)};
  });
}

void lemnos_session_destroy(lemnos_session* session) { delete session; }

lemnos_result lemnos_session_write(lemnos_session* session, lemnos_value value, const void* content, size_t bytes,
                                   size_t offset, lemnos_error* error) {
  return guard(error, [&] {
    const c::OpenSession& open = *given(session, "session_write", "session").open;
    open.session->write(c::value_of(*open.graph, value, "session_write"),
                        c::content_of(content, bytes, "session_write"), offset);
  });
}

lemnos_result lemnos_session_read(lemnos_session* session, lemnos_value value, void* content, size_t bytes,
                                  size_t offset, lemnos_error* error) {
  return guard(error, [&] {
    const c::OpenSession& open = *given(session, "session_read", "session").open;
    (void)c::content_of(content, bytes, "session_read");
    open.session->read(c::value_of(*open.graph, value, "session_read"), {static_cast<std::byte*>(content), bytes},
                       offset);
  });
}

lemnos_result lemnos_program_compile(lemnos_session* session, const lemnos_program_options* options,
                                     lemnos_program** program, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "program_compile";
    given(program, kWho, "program") = nullptr;
    const std::shared_ptr<c::OpenSession>& open = given(session, kWho, "session").open;
    const lemnos_program_options wanted = c::input(options, kWho);
    CompileOptions compile{.segment_microseconds = wanted.segment_microseconds};
    for (uint32_t i = 0; i < wanted.target_count; ++i)
      compile.targets.push_back(c::value_of(*open->graph, (&given(wanted.targets, kWho, "targets"))[i], kWho));
    auto made = std::make_unique<lemnos_program>();
    made->owner = open;
    made->graph = open->graph.get();
    made->own = open->session->compile(compile);
    made->program = made->own;
    *program = made.release();
  });
}

void lemnos_program_destroy(lemnos_program* program) {
  if (!program) return;
  program->own.reset();  // before its session
  delete program;
}

lemnos_result lemnos_program_run(lemnos_program* program, uint32_t steps) {
  return guard_status([&] { return program_of(program, "program_run")->run(steps); });
}

lemnos_result lemnos_program_wait(lemnos_program* program) {
  return guard_status([&] { return program_of(program, "program_wait")->wait(); });
}

lemnos_result lemnos_program_advance(lemnos_program* program, const lemnos_budget* budget, lemnos_advanced* advanced) {
  return guard_status([&] {
    const Budget limits = c::budget_of(c::input(budget, "program_advance"));
    Advanced done;
    const Status status = program_of(program, "program_advance")->advance(limits, &done);
    c::output(advanced, c::advanced_of(done), "program_advance");
    return status;
  });
}

lemnos_result lemnos_program_cancel(lemnos_program* program) {
  return guard(nullptr, [&] { program_of(program, "program_cancel")->cancel(); });
}

lemnos_result lemnos_program_read(lemnos_program* program, lemnos_value value, void* content, size_t bytes,
                                  lemnos_error* error) {
  return guard(error, [&] {
    const lemnos_program& from = given(program, "program_read", "program");
    (void)c::content_of(content, bytes, "program_read");
    program_of(program, "program_read")
        ->read(c::value_of(*from.graph, value, "program_read"), {static_cast<std::byte*>(content), bytes});
  });
}

lemnos_result lemnos_program_describe(const lemnos_program* program, char* text, size_t capacity, size_t* length,
                                      lemnos_error* error) {
  return guard(error, [&] {
    const std::string plan = program_of(program, "program_describe")->describe();
    if (text && capacity > 0) {
      const size_t copied = std::min(plan.size(), capacity - 1);
      std::memcpy(text, plan.data(), copied);
      text[copied] = 0;
    }
    given(length, "program_describe", "length") = plan.size();
  });
}

}  // extern "C"
