#include "golden/golden_file.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "golden/formula.h"

namespace lemnos::golden {

namespace {

using Json = nlohmann::json;

Shape shape_of(const Json& json) { return Shape(json.get<std::vector<int64_t>>()); }

Attrs attrs_of(const Json& json) {
  Attrs attrs;
  for (const auto& [name, value] : json.items()) {
    if (value.is_boolean())
      attrs.set(name, value.get<bool>());
    else if (value.is_number_integer())
      attrs.set(name, value.get<int64_t>());
    else if (value.is_number())
      attrs.set(name, value.get<double>());
    else if (value.is_string())
      attrs.set(name, value.get<std::string>());
    else
      attrs.set(name, value.get<std::vector<int64_t>>());
  }
  return attrs;
}

Input input_of(const Json& json) {
  return {.desc = {shape_of(json.at("shape")), dtype_from_string(json.at("dtype"))},
          .fill = json.at("fill"),
          .low = json.at("low"),
          .high = json.at("high")};
}

OpCase op_case(const Json& json) {
  OpCase c{.op = json.at("op"),
           .attrs = attrs_of(json.at("attrs")),
           .inputs = {},
           .output = json.at("output"),
           .shape = shape_of(json.at("shape")),
           .y = json.at("y"),
           .dx = {},
           .tolerance = json.at("tolerance"),
           .of_largest = json.value("of_largest", 1e-14)};
  for (const Json& input : json.at("inputs")) c.inputs.push_back(input_of(input));
  for (const Json& gradient : json.at("dx")) {
    c.dx.emplace_back();
    if (!gradient.is_null()) c.dx.back() = gradient.get<std::vector<double>>();
  }
  return c;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::vector<double> Input::values(uint32_t stream) const {
  std::vector<double> values(static_cast<size_t>(desc.elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (fill == "uniform")
      values[i] = low + (high - low) * unit(i, stream);
    else if (fill == "integers")
      values[i] = low + bits(i, stream) % (static_cast<uint32_t>(high - low) + 1);
    else
      values[i] = low + 0.5 * static_cast<double>(i % (static_cast<size_t>(2 * (high - low)) + 1));
  }
  return values;
}

std::filesystem::path folder() { return LEMNOS_GOLDEN_FOLDER; }

std::string scripts_hash() {
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".py") scripts.push_back(entry.path());
  std::ranges::sort(scripts);
  Hash hash;
  for (const auto& script : scripts) {
    const std::string content = content_of(script);
    hash.bytes(content.data(), content.size());
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash.value()));
  return text;
}

const GoldenFile& golden_file() {
  static const GoldenFile file = [] {
    const Json json = Json::parse(content_of(folder() / "ops.json"));
    GoldenFile golden{.script = json.at("script"),
                      .exempt = json.at("exempt"),
                      .cases = {},
                      .optimizers = {},
                      .schedules = {},
                      .clips = {}};
    for (const Json& c : json.at("cases")) golden.cases.push_back(op_case(c));
    for (const Json& o : json.at("optimizers"))
      golden.optimizers.push_back({.name = o.at("name"),
                                   .op = o.at("op"),
                                   .slots = o.at("slots"),
                                   .attrs = attrs_of(o.at("attrs")),
                                   .values = o.at("values")});
    for (const Json& s : json.at("schedules"))
      golden.schedules.push_back({attrs_of(s.at("attrs")), s.at("table"), s.at("factors")});
    for (const Json& c : json.at("clips"))
      golden.clips.push_back({c.at("count"), c.at("max_norm"), c.at("norm"), c.at("factor")});
    return golden;
  }();
  return file;
}

}  // namespace lemnos::golden
