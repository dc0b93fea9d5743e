// lemnos: what devices there are, a training from the command line and what came of it, how near a device comes to its
// limits, which kernels are its fastest, the correctness suite, and what a driver makes of the kernels.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>

#include "arguments.h"
#include "commands.h"
#include "lemnos/error.h"

namespace lemnos::tool {

namespace {

Command add_help(CLI::App& app) {
  auto topic = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("help", "Print this text, or that of a command");
  sub->add_option("command", *topic, "The command");
  return [topic, &app] {
    const auto named = app.get_subcommands([&](CLI::App* command) { return command->get_name() == *topic; });
    if (named.empty() && !topic->empty()) {
      char* words[] = {nullptr, topic->data()};
      throw Error(ErrorCode::not_found, unknown_word(app, 2, words));
    }
    // App::help() would be that of the command that was given, which is this one.
    std::cout << app.get_formatter()->make_help(named.empty() ? &app : named[0], "lemnos", CLI::AppFormatMode::Normal);
    return 0;
  };
}

int usage_error(CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  // What the parser says of a word that it does not know depends on what else is missing.
  const std::string unknown = unknown_word(app, argc, argv);
  std::fprintf(stderr, "lemnos: %s (see lemnos --help)\n", unknown.empty() ? error.what() : unknown.c_str());
  return 2;
}

int run_tool(int argc, char** argv) {
  CLI::App app{"Lemnos trains neural networks on any vendor's GPU through Vulkan.", "lemnos"};
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // a script's defaults, then one's own
  app.footer(
      "Begin with `lemnos info`, then `lemnos train mlp`. `lemnos help COMMAND` explains a command, with examples.\n"
      "Status: 0 done; 1 it failed, in one line on standard error, or a check found something wrong; 2 the arguments "
      "are\n"
      "wrong; 130 and 143 a training that Ctrl-C or SIGTERM ended after writing everything.");
  app.set_version_flag("--version", std::string("lemnos ") + LEMNOS_VERSION);
  const Command commands[] = {
    add_info(app),
    add_train(app),
    add_eval(app),
    add_predict(app),
    add_plot(app),
    add_convert(app),
#ifdef LEMNOS_HAS_CASES
    add_check(app),
#endif
    add_bench(app),
    add_tune(app),
    add_shader(app),
#if defined(LEMNOS_HAS_CASES) && defined(LEMNOS_HAS_VULKAN)
    add_kernels(app),
#endif
    add_report(app),
    add_init(app),
    add_completion(app),
    add_help(app),
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  try {
    const auto subcommands = app.get_subcommands([](CLI::App*) { return true; });
    for (size_t i = 0; i < subcommands.size(); ++i)
      if (subcommands[i]->parsed()) return commands[i]();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "lemnos: out of memory\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lemnos: %s\n", error.what());
  }
  return 1;
}

}  // namespace

void require_output() {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return;
  throw Error(ErrorCode::io, std::string("standard output cannot be written: ") + std::strerror(errno));
}

}  // namespace lemnos::tool

int main(int argc, char** argv) {
  const int code = lemnos::tool::run_tool(argc, argv);
  try {
    lemnos::tool::require_output();
  } catch (const lemnos::Error& error) {
    if (code == 0) std::fprintf(stderr, "lemnos: %s\n", error.what());
    return code == 0 ? 1 : code;
  }
  return code;
}
