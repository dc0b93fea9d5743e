// lemnos shader: the kernels that are built in, and their SPIR-V.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/text.h"
#include "commands.h"
#include "io/file.h"
#include "shaders/kernels.h"

namespace lemnos::tool {

namespace {

using Json = nlohmann::ordered_json;

struct ShaderOptions {
  std::string name, out;
  bool json = false;
};

std::string bindings_of(const KernelInfo& info) {
  std::string out;
  for (uint32_t i = 0; i < info.bindings; ++i) out += info.writes(i) ? info.reads(i) ? 'b' : 'w' : 'r';
  return out;
}

std::string local_size(const KernelInfo& info) {
  const std::string x =
      info.local_size_constant >= 0 ? text("constant ", info.local_size_constant) : std::to_string(info.local_size[0]);
  return text(x, " x ", info.local_size[1], " x ", info.local_size[2]);
}

Json to_json_kernel(const Kernel& k) {
  Json capabilities = Json::array(), defaults = Json::array();
  for (const uint32_t c : k.info.capabilities)
    if (c != 0) capabilities.push_back(c);
  for (uint32_t i = 0; i < k.info.constants; ++i) defaults.push_back(k.info.constant_defaults[i]);
  return {{"name", k.name},
          {"bytes", k.spirv.size_bytes()},
          {"bindings", bindings_of(k.info)},
          {"push_bytes", k.info.push_bytes},
          {"constants", defaults},
          {"local_size", local_size(k.info)},
          {"shared_bytes", k.info.shared_bytes},
          {"capabilities", capabilities}};
}

std::vector<const Kernel*> matching(const std::string& name) {
  std::vector<const Kernel*> found;
  for (const Kernel& k : kernels())
    if (std::string_view(k.name).find(name) != std::string_view::npos) found.push_back(&k);
  return found;
}

void write_module(const Kernel& kernel, const std::string& path) {
  io::write_file(path, {reinterpret_cast<const char*>(kernel.spirv.data()), kernel.spirv.size_bytes()});
  std::fprintf(stderr, "wrote %s: %s, %zu bytes; spirv-dis shows it\n", path.c_str(), kernel.name,
               kernel.spirv.size_bytes());
}

int run_shader(const ShaderOptions& o) {
  const std::vector<const Kernel*> found = matching(o.name);
  require(!found.empty(), ErrorCode::not_found, "shader: no kernel has '", o.name, "' in its name");
  if (!o.out.empty()) {
    const auto exact = std::ranges::find_if(found, [&](const Kernel* k) { return o.name == k->name; });
    require(exact != found.end() || found.size() == 1, ErrorCode::invalid_argument, "shader: ", found.size(),
            " kernels have '", o.name, "' in their names; --out takes one");
    write_module(exact != found.end() ? **exact : *found[0], o.out);
    return 0;
  }
  if (o.json) {
    Json all = Json::array();
    for (const Kernel* k : found) all.push_back(to_json_kernel(*k));
    std::printf("%s\n", all.dump(2).c_str());
    return 0;
  }
  std::printf("%-36s %7s  %-10s %5s %9s  %s\n", "kernel", "bytes", "buffers", "push", "constants", "local size");
  for (const Kernel* k : found)
    std::printf("%-36s %7zu  %-10s %5u %9u  %s\n", k->name, k->spirv.size_bytes(), bindings_of(k->info).c_str(),
                k->info.push_bytes, k->info.constants, local_size(k->info).c_str());
  std::printf("\n%zu kernels; buffers: r is read, w written, b both\n", found.size());
  return 0;
}

}  // namespace

Command add_shader(CLI::App& app) {
  auto o = std::make_shared<ShaderOptions>();
  CLI::App* sub = app.add_subcommand("shader", "List the kernels that are built in, or write the SPIR-V of one");
  sub->add_option("name", o->name, "Only kernels whose name has this in it")->type_name("NAME");
  add_name(sub, "--out", o->out, "Write the module of that kernel");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->footer(
      "Examples:\n"
      "  lemnos shader softmax\n"
      "  lemnos shader softmax.f32.subgroup --out softmax.spv && spirv-dis softmax.spv\n"
      "`lemnos kernels` says what a driver's compiler makes of them, `lemnos check` whether they are right.\n"
      "Status: 0; 1 no such kernel, or a file cannot be written; 2 the arguments are wrong.");
  return [o] { return run_shader(*o); };
}

}  // namespace lemnos::tool
