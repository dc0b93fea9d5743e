#include "judges/pytorch.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/json_text.h"

namespace lemnos::judges {

namespace fs = std::filesystem;

Json read_json(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(static_cast<bool>(in), ErrorCode::not_found, file.string(), ": cannot be opened");
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  return io::parse_json<Json>(content, file.string());
}

void Table::insert(const std::string& name, Row row) {
  require(rows_.emplace(name, std::move(row)).second, ErrorCode::internal, "judges: '", name, "' has two rows");
}

Table all_tables() {
  Table table;
  const std::map<std::string, void (*)(Table&)> families = {{"elementwise", add_elementwise},
                                                            {"activations", add_activations},
                                                            {"reductions", add_reductions},
                                                            {"linear", add_linear},
                                                            {"shapes", add_shapes},
                                                            {"indexing", add_indexing},
                                                            {"convolutions", add_convolutions},
                                                            {"pooling", add_pooling},
                                                            {"normalisation", add_normalisation},
                                                            {"losses", add_losses},
                                                            {"distances", add_distances},
                                                            {"scans", add_scans}};
  for (const auto& [family, add] : families) {
    table.begin(family);
    add(table);
  }
  return table;
}

namespace {

bool is_call_file(const fs::path& file) {
  const std::string stem = file.stem().string();
  return file.extension() == ".json" && stem != "optimizers" && stem != "schedules" && stem != "modules";
}

std::vector<fs::path> call_files(const fs::path& folder, const std::string& only) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (is_call_file(entry.path()) && (only.empty() || entry.path().stem() == only)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

void judge_file(Report& report, const Device& device, const Table& table, const fs::path& file, DType dtype) {
  const Json database = read_json(file);
  const auto op = database.at("op").get<std::string>();
  fs::path tensors = file;
  const Arrays arrays(tensors.replace_extension(".safetensors"));
  const Row* row = table.find(op);
  int number = 0;
  for (const Json& call : database.at("calls")) {
    const std::string where = text(op, ' ', number++, ' ', signature(call, arrays));
    const std::string family = row ? row->family : "without a row";
    report.add(family, op, where,
               row ? judge_call(device, *row, call, arrays, dtype) : Outcome::unexpressed("no op: " + op));
  }
}

}  // namespace

Report judge_pytorch(const Device& device, const fs::path& folder, const std::string& only, DType dtype) {
  const Table table = all_tables();
  Report report;
  for (const fs::path& file : call_files(folder, only)) judge_file(report, device, table, file, dtype);
  if (dtype == DType::f32) {  // optimizers, schedules and modules compute in f32
    judge_optimizers(report, device, folder, only);
    judge_schedules(report, device, folder, only);
    judge_modules(report, device, folder, only);
  }
  require(!report.empty(), ErrorCode::not_found, folder.string(), ": has no calls",
          only.empty() ? std::string() : text(" of '", only, "'"));
  return report;
}

}  // namespace lemnos::judges
