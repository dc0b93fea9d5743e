#include "vulkan/quirks.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace lemnos::vulkan {

namespace {

constexpr uint32_t kAmd = 0x1002, kIntel = 0x8086;

bool is_llvmpipe(const DriverIdentity& d) { return d.id == VK_DRIVER_ID_MESA_LLVMPIPE; }
bool is_llvmpipe_before_23(const DriverIdentity& d) { return is_llvmpipe(d) && d.is_mesa_before(23); }
bool is_llvmpipe_of_16(const DriverIdentity& d) { return is_llvmpipe(d) && d.subgroup_size > 8; }

bool is_amd_proprietary(const DriverIdentity& d) { return d.id == VK_DRIVER_ID_AMD_PROPRIETARY; }
bool is_amd_integrated(const DriverIdentity& d) { return is_amd_proprietary(d) && d.integrated; }
// Navi 21, 22, 23 and 24.
bool is_rdna2(const DriverIdentity& d) {
  return is_amd_proprietary(d) &&
         ((d.device_id >= 0x73a0 && d.device_id <= 0x73ff) || (d.device_id >= 0x7420 && d.device_id <= 0x743f));
}
bool is_big_navi(const DriverIdentity& d) {
  return is_amd_proprietary(d) &&
         (d.device.find("RX 6800") != d.device.npos || d.device.find("RX 6900") != d.device.npos);
}
// Panther Lake and Wildcat Lake.
bool is_xe3_before_26_2(const DriverIdentity& d) {
  const bool xe3 = (d.device_id >= 0xb080 && d.device_id <= 0xb0bf) || d.device_id == 0xfd80 || d.device_id == 0xfd81;
  return d.vendor_id == kIntel && xe3 && d.id == VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA && d.is_mesa_before(26, 2);
}
// "Mali-G71" stands in "Mali-G71 MC2" and not in "Mali-G715".
bool has_model(std::string_view device, std::string_view model) {
  const size_t at = device.find(model), end = at + model.size();
  return at != device.npos && (end == device.size() || device[end] < '0' || device[end] > '9');
}
bool is_adreno_702(const DriverIdentity& d) { return d.id == VK_DRIVER_ID_MESA_TURNIP && has_model(d.device, "702"); }
bool is_imagination(const DriverIdentity& d) { return d.id == VK_DRIVER_ID_IMAGINATION_PROPRIETARY; }
bool is_old_mali(const DriverIdentity& d) {
  if (d.id != VK_DRIVER_ID_ARM_PROPRIETARY) return false;
  return d.device.find("Mali-T") != d.device.npos ||
         std::ranges::any_of(std::array{"Mali-G31", "Mali-G51", "Mali-G52", "Mali-G71", "Mali-G72", "Mali-G76"},
                             [&](const char* model) { return has_model(d.device, model); });
}
bool is_amd_by_moltenvk(const DriverIdentity& d) { return d.id == VK_DRIVER_ID_MOLTENVK && d.vendor_id == kAmd; }
bool by_hand_alone(const DriverIdentity&) { return false; }

void drop_fast_broadcast(DeviceCaps& caps) { caps.fast_broadcast = false; }
void drop_matrix_unit(DeviceCaps& caps) {
  caps.cooperative_matrix = false;
  caps.matrix_shapes.clear();
}
void drop_int8(DeviceCaps& caps) { caps.int8 = false; }
void drop_timestamps(DeviceCaps& caps) { caps.timestamp_period = 0; }
void drop_size_control(DeviceCaps& caps) { caps.subgroup_size_control = false; }
void drop_subgroups(DeviceCaps& caps) { caps.subgroup_arithmetic = caps.fast_broadcast = false; }
void drop_subgroups_and_long_submissions(DeviceCaps& caps) {
  drop_subgroups(caps);
  caps.longest_submission_ms = std::min(caps.longest_submission_ms, 50.0);
}
void pack_halves(DeviceCaps& caps) { caps.storage16 = false; }

// Rows without "seen here" are from public reports, to 2026-09.
const Quirk kQuirks[] = {
    {.name = "slow-broadcast",
     .drivers = "llvmpipe before Mesa 23",
     .effect = "subgroupBroadcast becomes stores and loads: a matrix product with it takes 1.6 times as long (22.3.6, "
               "seen here), while on 25.0.7 it is three times as fast",
     .remedy = "fast_broadcast off: products take the tiled variant",
     .applies = is_llvmpipe_before_23,
     .amend = drop_fast_broadcast},
    {.name = "matrix-16-lanes",
     .drivers = "llvmpipe with subgroups of 16 (LP_NATIVE_VECTOR_WIDTH=512)",
     .effect =
         "vkCreateComputePipelines crashes at every kernel with coopMatMulAdd (26.1.6, seen here); with subgroups "
         "of 8 the same kernels are right",
     .remedy = "no cooperative matrices: products take the other variants",
     .applies = is_llvmpipe_of_16,
     .amend = drop_matrix_unit},
    {.name = "amd-matrix-query",
     .drivers = "AMD's proprietary driver on integrated GPUs",
     .effect = "access violation in the second vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR (Windows, 26.3.1)",
     .remedy = "the shapes are not queried, and no cooperative matrices are used",
     .applies = is_amd_integrated,
     .amend = drop_matrix_unit,
     .avoids_the_matrix_query = true},
    {.name = "amd-emulated-matrix",
     .drivers = "AMD's proprietary driver on RDNA 2 (Navi 21 to 24)",
     .effect = "cooperative matrices are emulated: slower than products without them",
     .remedy = "no cooperative matrices",
     .applies = is_rdna2,
     .amend = drop_matrix_unit},
    {.name = "amd-int8",
     .drivers = "AMD's proprietary driver on RX 6800 and RX 6900",
     .effect = "vkQueueSubmit fails after kernels with 8-bit integer arithmetic (Windows)",
     .remedy = "int8 off: bytes are unpacked from words",
     .applies = is_big_navi,
     .amend = drop_int8},
    {.name = "xe3-matrix",
     .drivers = "Mesa's Intel driver before 26.2 on Xe3 (Panther Lake, Wildcat Lake)",
     .effect = "matrices loaded from shared memory are always the first tile: wrong products (Arc B390)",
     .remedy = "no cooperative matrices",
     .applies = is_xe3_before_26_2,
     .amend = drop_matrix_unit},
    {.name = "xe3-timestamps",
     .drivers = "Mesa's Intel driver before 26.2 on Xe3",
     .effect = "the timestamp after a dispatch is taken before the dispatch ends (26.1.4)",
     .remedy = "no timestamps: pacing and the limit on submissions use the host's clock",
     .applies = is_xe3_before_26_2,
     .amend = drop_timestamps},
    {.name = "adreno-702",
     .drivers = "Turnip on Adreno 702",
     .effect = "pipelines with full subgroups crash for large kernels",
     .remedy = "the subgroup size is not chosen",
     .applies = is_adreno_702,
     .amend = drop_size_control},
    {.name = "imagination",
     .drivers = "Imagination's proprietary driver",
     .effect = "reductions by subgroup operations alone do not compile; long batches crash the firmware",
     .remedy = "reductions through shared memory; no submission longer than 50 ms",
     .applies = is_imagination,
     .amend = drop_subgroups_and_long_submissions},
    {.name = "mali-16-bit",
     .drivers = "Arm's proprietary driver on Midgard and Bifrost (Mali-T, G31, G51, G52, G71, G72, G76)",
     .effect = "16-bit loads and stores of storage buffers give wrong values",
     .remedy = "halves are packed in words of 32 bits",
     .applies = is_old_mali,
     .amend = pack_halves},
    {.name = "moltenvk-amd-shuffle",
     .drivers = "MoltenVK on AMD GPUs",
     .effect = "subgroupShuffleXor by 32 or more gives wrong values",
     .remedy = "reductions through shared memory",
     .applies = is_amd_by_moltenvk,
     .amend = drop_subgroups},
    {.name = "matrix-query",
     .drivers = "by hand: LEMNOS_QUIRKS=+matrix-query",
     .effect = "some drivers are reported to crash when the shapes of the matrix unit are queried (NVIDIA Blackwell on "
               "Windows to 610.43, unconfirmed)",
     .remedy = "the shapes are not queried, and no cooperative matrices are used",
     .applies = by_hand_alone,
     .amend = drop_matrix_unit,
     .avoids_the_matrix_query = true},
};

const Quirk& quirk_named(std::string_view name) {
  const auto* found = std::ranges::find(kQuirks, name, &Quirk::name);
  if (found != std::end(kQuirks)) return *found;
  std::string known;
  for (const Quirk& quirk : kQuirks) known += text(known.empty() ? "" : ", ", quirk.name);
  fail(ErrorCode::invalid_argument, "LEMNOS_QUIRKS: no quirk '", name, "'; there are ", known);
}

}  // namespace

std::array<unsigned, 3> DriverIdentity::version() const {
  std::array<unsigned, 3> numbers{};
  size_t at = info.find_first_of("0123456789"), which = 0;
  for (; at < info.size() && which < numbers.size(); ++at) {
    if (info[at] >= '0' && info[at] <= '9')
      numbers[which] = numbers[which] * 10 + static_cast<unsigned>(info[at] - '0');
    else if (info[at] == '.')
      ++which;
    else
      break;
  }
  return numbers;
}

bool DriverIdentity::is_mesa_before(unsigned major, unsigned minor) const {
  const auto v = version();
  return info.starts_with("Mesa ") && v[0] > 0 && (v[0] < major || (v[0] == major && v[1] < minor));
}

std::span<const Quirk> quirks() { return kQuirks; }

std::vector<const Quirk*> quirks_in_force(const DriverIdentity& driver, std::string_view words) {
  constexpr std::string_view kBetween = ", \t";
  std::vector<const Quirk*> list;
  for (const Quirk& quirk : kQuirks)
    if (quirk.applies(driver)) list.push_back(&quirk);
  while (!words.empty()) {
    const size_t begin = words.find_first_not_of(kBetween);
    if (begin == words.npos) break;
    const size_t end = std::min(words.find_first_of(kBetween, begin), words.size());
    const std::string_view word = words.substr(begin, end - begin);
    words.remove_prefix(end);
    if (word == "off") {
      list.clear();
      continue;
    }
    require(word.front() == '+' || word.front() == '-', ErrorCode::invalid_argument, "LEMNOS_QUIRKS: '", word,
            "' is neither off nor a name with + or - before it");
    const Quirk* quirk = &quirk_named(word.substr(1));
    std::erase(list, quirk);
    if (word.front() == '+') list.push_back(quirk);
  }
  return list;
}

std::vector<const Quirk*> quirks_in_force(const DriverIdentity& driver) {
  const char* words = std::getenv("LEMNOS_QUIRKS");
  return quirks_in_force(driver, words ? words : "");
}

}  // namespace lemnos::vulkan
