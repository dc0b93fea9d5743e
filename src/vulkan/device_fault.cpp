#include "vulkan/device_fault.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace lemnos::vulkan {

namespace {

#ifdef VK_EXT_device_fault
const char* meaning_of_fault_address(int type) {
  constexpr const char* kMeanings[] = {"no address",
                                       "invalid read at",
                                       "invalid write at",
                                       "invalid execution at",
                                       "instruction pointer, unknown, at",
                                       "instruction pointer, invalid, at",
                                       "instruction pointer at"};
  return type >= 0 && type < 7 ? kMeanings[type] : "address";
}

template <typename Address>
std::string line_of_address(const Address& address) {
  if (address.addressType == 0) return {};
  return text("\n  the driver: ", meaning_of_fault_address(static_cast<int>(address.addressType)), " ",
              formatted("0x%llx", static_cast<unsigned long long>(address.reportedAddress)), " (to within ",
              address.addressPrecision, " bytes)");
}

template <typename Vendor>
std::string line_of_vendor(const Vendor& vendor) {
  if (!vendor.description[0]) return {};
  return text("\n  the driver: ", vendor.description, " (code ", vendor.vendorFaultCode, ", data ",
              vendor.vendorFaultData, ")");
}

std::string by_ext(const DeviceTable& vk, VkDevice device) {
  if (!vk.vkGetDeviceFaultInfoEXT) return {};
  VkDeviceFaultCountsEXT counts{.sType = VK_STRUCTURE_TYPE_DEVICE_FAULT_COUNTS_EXT};
  if (vk.vkGetDeviceFaultInfoEXT(device, &counts, nullptr) < 0) return {};
  std::vector<VkDeviceFaultAddressInfoEXT> addresses(counts.addressInfoCount);
  std::vector<VkDeviceFaultVendorInfoEXT> vendors(counts.vendorInfoCount);
  counts.vendorBinarySize = 0;
  VkDeviceFaultInfoEXT info{.sType = VK_STRUCTURE_TYPE_DEVICE_FAULT_INFO_EXT,
                            .pAddressInfos = addresses.data(),
                            .pVendorInfos = vendors.data()};
  if (vk.vkGetDeviceFaultInfoEXT(device, &counts, &info) < 0) return {};
  std::string lines;
  if (info.description[0]) lines += text("\n  the driver: ", info.description);
  addresses.resize(std::min<size_t>(addresses.size(), counts.addressInfoCount));
  vendors.resize(std::min<size_t>(vendors.size(), counts.vendorInfoCount));
  for (const auto& address : addresses) lines += line_of_address(address);
  for (const auto& vendor : vendors) lines += line_of_vendor(vendor);
  return lines;
}
#endif

#ifdef VK_KHR_device_fault
std::string by_khr(const DeviceTable& vk, VkDevice device) {
  if (!vk.vkGetDeviceFaultReportsKHR) return {};
  uint32_t count = 0;
  if (vk.vkGetDeviceFaultReportsKHR(device, 0, &count, nullptr) < 0) return {};
  std::vector<VkDeviceFaultInfoKHR> infos(count, {.sType = VK_STRUCTURE_TYPE_DEVICE_FAULT_INFO_KHR});
  if (count == 0 || vk.vkGetDeviceFaultReportsKHR(device, 0, &count, infos.data()) < 0) return {};
  infos.resize(std::min<size_t>(infos.size(), count));
  std::string lines;
  for (const VkDeviceFaultInfoKHR& info : infos) {
    if (info.description[0]) lines += text("\n  the driver: ", info.description);
    if (info.flags & VK_DEVICE_FAULT_FLAG_WATCHDOG_TIMEOUT_KHR) lines += "\n  the driver: its watchdog ended the work";
    lines += line_of_address(info.faultAddressInfo) + line_of_address(info.instructionAddressInfo) +
             line_of_vendor(info.vendorInfo);
  }
  return lines;
}
#endif

}  // namespace

std::string device_fault([[maybe_unused]] const DeviceTable& vk, [[maybe_unused]] VkDevice device) {
  std::string lines;
#ifdef VK_EXT_device_fault
  lines = by_ext(vk, device);
#endif
#ifdef VK_KHR_device_fault
  if (lines.empty()) lines = by_khr(vk, device);
#endif
  return lines;
}

}  // namespace lemnos::vulkan
