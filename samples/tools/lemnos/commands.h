// The commands of the tool: each adds its options to the parser and returns what runs when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace lemnos::tool {

using Command = std::function<int()>;

/// Throws `io` where what was printed cannot have arrived: a full disk, a closed pipe.
void require_output();

Command add_info(CLI::App& app);
Command add_train(CLI::App& app);
Command add_bench(CLI::App& app);
Command add_tune(CLI::App& app);
Command add_check(CLI::App& app);
Command add_kernels(CLI::App& app);
Command add_plot(CLI::App& app);
Command add_report(CLI::App& app);
Command add_init(CLI::App& app);
Command add_shader(CLI::App& app);
Command add_eval(CLI::App& app);
Command add_predict(CLI::App& app);
Command add_convert(CLI::App& app);
Command add_completion(CLI::App& app);

}  // namespace lemnos::tool
