// lemnos: what devices there are, a training from the command line, how near a device comes to its limits, which
// kernels are its fastest, the correctness suite, and what a driver makes of the kernels.

#include <cstdio>

#include "commands.h"
#include "lemnos/error.h"

int main(int argc, char** argv) {
  using namespace lemnos::tool;
  CLI::App app{"Lemnos trains neural networks on any vendor's GPU through Vulkan.", "lemnos"};
  app.require_subcommand(1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return std::string("lemnos: ") + error.what() + " (see lemnos --help)\n";
  });
  const Command commands[] = {
      add_info(app),    add_train(app), add_bench(app), add_tune(app),
#ifdef LEMNOS_HAS_CASES
      add_check(app),
#ifdef LEMNOS_HAS_VULKAN
      add_kernels(app),
#endif
#endif
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    const auto subcommands = app.get_subcommands([](CLI::App*) { return true; });
    for (size_t i = 0; i < subcommands.size(); ++i)
      if (subcommands[i]->parsed()) return commands[i]();
  } catch (const lemnos::Error& error) {
    std::fprintf(stderr, "lemnos: %s\n", error.what());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lemnos: %s\n", error.what());
    return 1;
  }
  return 1;
}
