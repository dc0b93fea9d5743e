// The pipeline cache on disk: a file that is either whole and for this very driver, or ignored.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/device.h"

namespace lemnos::vulkan {

/// What the file must have been written for. The driver's own blob is opaque, and drivers trust it: so it is only
/// handed over when the checksum, the device and the driver agree.
struct CacheIdentity {
  uint32_t vendor_id = 0;
  uint32_t device_id = 0;
  uint32_t driver_version = 0;  // as Vulkan packs it
  std::array<uint8_t, 16> device_uuid{};
  std::array<uint8_t, 16> pipeline_cache_uuid{};
};

/// folder/pipelines-<device uuid>-<driver version>.bin
std::string cache_file_path(const std::string& folder, const CacheIdentity& identity);

/// The driver's blob, or empty for a file that is missing, damaged or another driver's; `why` then says which.
std::vector<std::byte> read_cache_file(const std::string& path, const CacheIdentity& identity, std::string* why);

/// Puts `bytes` in the place of a file: writes a temporary file beside it and renames it, so a reader never sees half
/// of it. What is no regular file is left as it is. Returns the reason of a failure, or an empty string.
std::string replace_file(const std::string& path, std::string_view bytes);

/// The same with the header of a cache file.
std::string write_cache_file(const std::string& path, const CacheIdentity& identity,
                             const std::vector<std::byte>& blob);

}  // namespace lemnos::vulkan
