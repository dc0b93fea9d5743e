#include "source_tree.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>

namespace lemnos::architecture {
namespace {

// Which layer promises the contents of a public header.
const std::map<std::string_view, std::string_view> kPublicHeaders = {
    {"error.h", "base"},        {"log.h", "base"},        {"tensor.h", "base"},         {"device.h", "base"},
    {"graph.h", "graph"},       {"state.h", "graph"},     {"predictor.h", "train"},     {"op.h", "graph"},
    {"ops.h", "ops"},           {"nn.h", "nn"},           {"loss.h", "loss"},           {"optim.h", "optim"},
    {"schedule.h", "optim"},    {"metrics.h", "metrics"}, {"data.h", "data"},           {"train.h", "train"},
    {"lemnos.hpp", "api"},      {"lemnos.h", "api"},      {"vulkan.h", "api"},          {"session.h", "runtime"},
    {"autograd.h", "autograd"}, {"loop.h", "autograd"},   {"history.h", "io"},          {"init.h", "nn"},
    {"profile.h", "base"},      {"tune.h", "base"},       {"check.h", "check"},         {"visibility.h", "base"},
    {"augment.h", "nn"},        {"callback.h", "train"},  {"selection.h", "selection"}, {"minimize.h", "minimize"},
    {"table.h", "data"},        {"plot.h", "io"},         {"attrs.h", "graph"},         {"onnx.h", "onnx"},
    {"watch.h", "watch"}};

bool ends_in(const std::string& name, const std::vector<std::string>& endings) {
  return std::ranges::any_of(endings, [&](const std::string& ending) { return name.ends_with(ending); });
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::vector<SourceFile> load(const std::filesystem::path& top, const std::vector<std::string>& folders,
                             const std::vector<std::string>& endings) {
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(top / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top / folder)) {
      if (!entry.is_regular_file() || !ends_in(entry.path().filename().string(), endings)) continue;
      files.push_back({entry.path().lexically_relative(top).generic_string(), read_lines(entry.path())});
    }
  }
  if (files.empty()) throw std::runtime_error("no source file under " + top.string());
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

std::vector<std::string> public_headers() {
  std::vector<std::string> names;
  for (const auto& [name, layer] : kPublicHeaders) names.push_back("include/lemnos/" + std::string(name));
  return names;
}

std::vector<Include> includes(const SourceFile& file) {
  std::vector<Include> found;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    std::string_view line = file.lines[i];
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.starts_with("include")) continue;
    const size_t open = line.find_first_of("\"<");
    if (open == std::string_view::npos) continue;
    const bool angled = line[open] == '<';
    const size_t close = line.find(angled ? '>' : '"', open + 1);
    if (close == std::string_view::npos) continue;
    found.push_back({std::string(line.substr(open + 1, close - open - 1)), angled, i + 1});
  }
  return found;
}

std::string layer_of(std::string_view path) {
  for (const std::string_view top : {"include/lemnos/", "lemnos/"}) {
    if (!path.starts_with(top)) continue;
    const auto header = kPublicHeaders.find(path.substr(top.size()));
    return header == kPublicHeaders.end() ? "" : std::string(header->second);
  }
  if (path.starts_with("shaders/")) return "shaders";
  if (path.starts_with("src/")) path.remove_prefix(4);
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

}  // namespace lemnos::architecture
