// lemnos convert: files of the trade into each other, by their names' endings.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/system_reason.h"
#include "base/text.h"
#include "commands.h"
#include "io/idx.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "lemnos/history.h"

namespace lemnos::tool {

namespace {

namespace fs = std::filesystem;

struct ConvertOptions {
  std::string from, to;
  bool json = false;
};

// What was written, in words.
using Written = std::vector<std::string>;

Written convert_history(const fs::path& from, const fs::path& to) {
  const io::History history = io::read_history(from);
  io::write_history(to, history);
  return {text(history.epochs(), " epochs of ", history.columns().size(), " columns")};
}

// A name may hold slashes; a file of the folder may not.
std::string file_of(std::string name) {
  for (char& c : name)
    if (c == '/' || c == '\\') c = '_';
  return name + ".npy";
}

Written tensors_to_folder(const fs::path& from, const fs::path& to) {
  const io::TensorFile file = io::read_safetensors(from);
  std::error_code error;
  fs::create_directories(to, error);
  if (error) throw Error(ErrorCode::io, to.string() + ": cannot be made: " + reason_of(error));
  Written written;
  for (const io::NamedTensor& tensor : file.tensors) {
    io::write_npy(to / file_of(tensor.name), tensor.desc, tensor.bytes);
    written.push_back(text(file_of(tensor.name), " ", tensor.desc));
  }
  return written;
}

Written npy_to_tensors(const fs::path& from, const fs::path& to) {
  const io::NpyArray array = io::read_npy(from);
  const std::string name = from.stem().string();
  io::write_safetensors(to, std::vector<io::TensorView>{{name, array.desc, array.bytes}});
  return {text(name, " ", array.desc)};
}

Written npy_to_idx(const fs::path& from, const fs::path& to) {
  const io::NpyArray array = io::read_npy(from);
  io::write_idx(to, {array.desc.dtype, array.desc.shape, array.bytes});
  return {text(array.desc)};
}

Written idx_to_npy(const fs::path& from, const fs::path& to) {
  const io::IdxFile file = io::read_idx(from);
  const TensorDesc desc{file.shape, file.dtype};
  io::write_npy(to, desc, file.bytes);
  return {text(desc)};
}

bool is_history(const std::string& ending) { return ending == ".json" || ending == ".csv"; }

bool is_idx(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.find("-idx") != std::string::npos || name.find(".idx") != std::string::npos;
}

int run_convert(const ConvertOptions& o) {
  const fs::path from = o.from, to = o.to;
  const std::string a = from.extension().string(), b = to.extension().string();
  Written written;
  if (is_history(a) && is_history(b))
    written = convert_history(from, to);
  else if (a == ".safetensors" && b.empty())
    written = tensors_to_folder(from, to);
  else if (a == ".npy" && b == ".safetensors")
    written = npy_to_tensors(from, to);
  else if (a == ".npy" && is_idx(to))
    written = npy_to_idx(from, to);
  else if (is_idx(from) && b == ".npy")
    written = idx_to_npy(from, to);
  else
    fail(ErrorCode::unsupported, "convert: not from '", o.from, "' to '", o.to, "'; see lemnos help convert");
  if (o.json) {
    std::printf("%s\n", nlohmann::ordered_json{{"from", o.from}, {"to", o.to}, {"wrote", written}}.dump(2).c_str());
    return 0;
  }
  for (const std::string& line : written) std::printf("%s\n", line.c_str());
  std::printf("wrote %s\n", o.to.c_str());
  return 0;
}

}  // namespace

Command add_convert(CLI::App& app) {
  auto o = std::make_shared<ConvertOptions>();
  CLI::App* sub = app.add_subcommand("convert", "Turn files of the trade into each other");
  sub->add_option("from", o->from, "What to read")->required()->type_name("FROM");
  sub->add_option("to", o->to, "What to write")->required()->type_name("TO");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->footer(
      "By the endings of the names:\n"
      "  history.json  <->  history.csv             a training run\n"
      "  model.safetensors  ->  FOLDER              each tensor as a .npy, for NumPy\n"
      "  array.npy  ->  array.safetensors           one tensor\n"
      "  images-idx3-ubyte[.gz]  <->  images.npy    the format of MNIST\n"
      "Example:\n"
      "  lemnos convert run/model.safetensors weights && python3 -c 'import numpy; "
      "print(numpy.load(\"weights/1.weight.npy\"))'\n"
      "Status: 0 written; 1 it cannot be read, written or converted; 2 the arguments are wrong.");
  return [o] { return run_convert(*o); };
}

}  // namespace lemnos::tool
