// {"lemnos_tuning": 1, "devices": [{"device": .., "uuid": .., "driver": .., "driver_version": .., "ops": [{"op": ..,
// "usual": .., "variants": [{"variant": .., "microseconds": .., "kernels": "hex"} or {"variant": .., "refusal":
// ..}]}]}]}
#include "lemnos/tune.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "io/file.h"
#include "io/json_text.h"

namespace lemnos::io {
namespace {

using OrderedJson = nlohmann::ordered_json;
constexpr const char* kMark = "lemnos_tuning";
constexpr int kVersion = 1;
constexpr uint64_t kMostBytes = uint64_t{1} << 26;

OrderedJson empty_file() { return {{kMark, kVersion}, {"devices", OrderedJson::array()}}; }

OrderedJson read(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return empty_file();
  const std::vector<uint8_t> bytes = read_file(path, kMostBytes);
  OrderedJson file =
      parse_json<OrderedJson>({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  require(file.is_object() && file.value(kMark, OrderedJson()).is_number_integer() &&
              file.value("devices", OrderedJson()).is_array(),
          ErrorCode::corrupt_data, path.string(), ": is not a tuning file");
  require(file[kMark] == kVersion, ErrorCode::corrupt_data, path.string(), ": version ", file[kMark].dump(),
          ", this build reads ", kVersion);
  return file;
}

bool is_of(const OrderedJson& section, const Tuning& tuning) {
  const auto is = [&](const char* key, const std::string& value) {
    return section.is_object() && section.contains(key) && section[key] == value;
  };
  return is("uuid", tuning.device_uuid()) && is("driver", tuning.driver()) &&
         is("driver_version", tuning.driver_version());
}

std::string hex(uint64_t value) { return formatted("%016llx", static_cast<unsigned long long>(value)); }

OrderedJson to_json(const TunedVariant& v) {
  if (!v.refusal.empty()) return {{"variant", v.variant}, {"refusal", v.refusal}};
  return {{"variant", v.variant}, {"microseconds", v.microseconds}, {"kernels", hex(v.kernels)}};
}

TunedVariant variant_from(const OrderedJson& json) {
  TunedVariant v{.variant = json.at("variant"), .refusal = json.value("refusal", "")};
  if (!v.refusal.empty()) return v;
  v.microseconds = json.at("microseconds");
  v.kernels = std::stoull(json.at("kernels").get<std::string>(), nullptr, 16);
  return v;
}

}  // namespace

Tuning load_tuning(const std::filesystem::path& path, const DeviceInfo& device) {
  Tuning tuning(device);
  const OrderedJson file = read(path);
  try {
    for (const OrderedJson& section : file["devices"]) {
      if (!is_of(section, tuning)) continue;
      for (const OrderedJson& json : section.at("ops")) {
        TunedOp op{.op = json.at("op"), .usual = json.at("usual"), .variants = {}};
        for (const OrderedJson& variant : json.at("variants")) op.variants.push_back(variant_from(variant));
        tuning.put(std::move(op));
      }
    }
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(ErrorCode::out_of_memory, path.string(), ": out of memory");
  } catch (const std::exception& error) {
    fail(ErrorCode::corrupt_data, path.string(), ": ", error.what());
  }
  return tuning;
}

void save_tuning(const Tuning& tuning, const std::filesystem::path& path) {
  OrderedJson ops = OrderedJson::array();
  for (const auto& [key, op] : tuning.ops()) {
    OrderedJson variants = OrderedJson::array();
    for (const TunedVariant& v : op.variants) variants.push_back(to_json(v));
    ops.push_back({{"op", op.op}, {"usual", op.usual}, {"variants", std::move(variants)}});
  }
  OrderedJson file = read(path), others = OrderedJson::array();
  for (const OrderedJson& section : file["devices"])
    if (!is_of(section, tuning)) others.push_back(section);
  others.push_back({{"device", tuning.device_name()},
                    {"uuid", tuning.device_uuid()},
                    {"driver", tuning.driver()},
                    {"driver_version", tuning.driver_version()},
                    {"ops", std::move(ops)}});
  file["devices"] = std::move(others);
  write_file(path, file.dump(1) + "\n");
}

}  // namespace lemnos::io
