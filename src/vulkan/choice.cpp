#include "vulkan/choice.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <vector>

#include "base/text.h"

namespace lemnos::vulkan {

namespace {

// Hexadecimal digits alone, so that dashes and capitals do not matter.
std::string hex_digits(const std::string& word) {
  std::string digits;
  for (char c : lower_case(word))
    if (c != '-') digits += c;
  return digits;
}

bool is_hex(const std::string& word, size_t length) {
  return word.size() == length && std::ranges::all_of(word, [](char c) {
           return std::string_view("0123456789abcdef").find(c) != std::string_view::npos;
         });
}

template <size_t N>
std::string hex_of(const std::array<uint8_t, N>& bytes) {
  std::string out;
  for (uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

int rank(DeviceType type) {
  switch (type) {
    case DeviceType::discrete: return 4;
    case DeviceType::integrated: return 3;
    case DeviceType::virtual_gpu: return 2;
    case DeviceType::other: return 1;
    case DeviceType::software:
    case DeviceType::cpu_reference: return 0;
  }
  return 0;
}

std::string listing(std::span<const DeviceInfo> devices) {
  std::string out;
  for (size_t i = 0; i < devices.size(); ++i) {
    const DeviceInfo& d = devices[i];
    out += text("\n  index:", i, "  ", d.name, "  (", to_string(d.type), ", uuid:", uuid_string(d.uuid),
                d.pci.empty() ? "" : ", pci:", d.pci, d.usable ? "" : "; cannot be used: ", d.refusal, ")");
  }
  return out;
}

size_t best(std::span<const DeviceInfo> devices) {
  const auto worth = [&](size_t i) {
    return std::tuple(devices[i].usable, rank(devices[i].type), devices[i].memory_bytes);
  };
  size_t chosen = 0;
  for (size_t i = 1; i < devices.size(); ++i)
    if (worth(i) > worth(chosen)) chosen = i;
  return chosen;
}

size_t by_index(const std::string& word, std::span<const DeviceInfo> devices) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
  require(error == std::errc{} && end == word.data() + word.size() && !word.empty(), ErrorCode::invalid_argument,
          "device: '", word, "' is not an index");
  require(index < devices.size(), ErrorCode::not_found, "device: index ", index, " of ", devices.size(),
          " devices:", listing(devices));
  return index;
}

template <typename Predicate>
std::vector<size_t> matches(std::span<const DeviceInfo> devices, Predicate matches_one) {
  std::vector<size_t> found;
  for (size_t i = 0; i < devices.size(); ++i)
    if (matches_one(devices[i])) found.push_back(i);
  return found;
}

std::vector<size_t> by_word(const std::string& selector, std::span<const DeviceInfo> devices) {
  const size_t colon = selector.find(':');
  const std::string kind = colon == std::string::npos ? "" : lower_case(selector.substr(0, colon));
  const std::string value = colon == std::string::npos ? "" : selector.substr(colon + 1);
  if (kind == "uuid" || is_hex(hex_digits(selector), 32)) {
    const std::string wanted = hex_digits(kind == "uuid" ? value : selector);
    return matches(devices, [&](const DeviceInfo& d) { return hex_of(d.uuid) == wanted; });
  }
  if (kind == "luid")
    return matches(devices, [&](const DeviceInfo& d) { return d.luid_valid && hex_of(d.luid) == hex_digits(value); });
  if (kind == "pci")
    return matches(devices,
                   [&](const DeviceInfo& d) { return !d.pci.empty() && lower_case(d.pci) == lower_case(value); });
  std::vector<size_t> exact = matches(devices, [&](const DeviceInfo& d) { return d.name == selector; });
  if (!exact.empty()) return exact;
  return matches(
      devices, [&](const DeviceInfo& d) { return lower_case(d.name).find(lower_case(selector)) != std::string::npos; });
}

}  // namespace

size_t choose_device(std::span<const DeviceInfo> devices, const std::string& selector) {
  require(!devices.empty(), ErrorCode::no_device, "no Vulkan device: the loader found no driver");
  size_t chosen = 0;
  if (selector.empty() || selector == "best") {
    chosen = best(devices);
  } else if (lower_case(selector).starts_with("index:")) {
    chosen = by_index(selector.substr(6), devices);
  } else {
    const std::vector<size_t> found = by_word(selector, devices);
    require(!found.empty(), ErrorCode::not_found, "device: none of ", devices.size(), " is '", selector,
            "':", listing(devices));
    require(found.size() == 1, ErrorCode::invalid_argument, "device: '", selector, "' means ", found.size(), " of ",
            devices.size(), ":", listing(devices));
    chosen = found.front();
  }
  require(devices[chosen].usable, ErrorCode::no_device, "no Vulkan device: ", devices[chosen].name,
          " cannot be used: ", devices[chosen].refusal);
  return chosen;
}

}  // namespace lemnos::vulkan
