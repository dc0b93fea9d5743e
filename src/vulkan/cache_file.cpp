#include "vulkan/cache_file.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/system_reason.h"
#include "base/text.h"

namespace lemnos::vulkan {

namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 8> kMagic = {'L', 'M', 'N', 'P', 'I', 'P', 'E', '1'};
constexpr uint64_t kLargestBlob = uint64_t{1} << 28;

struct Header {
  std::array<char, 8> magic;
  uint64_t identity;  // hash of the CacheIdentity
  uint64_t size;      // bytes of the blob
  uint64_t checksum;  // hash of the blob
};

uint64_t hash_of(const CacheIdentity& id) {
  Hash hash;
  hash.number(id.vendor_id).number(id.device_id).number(id.driver_version);
  hash.bytes(id.device_uuid.data(), id.device_uuid.size());
  hash.bytes(id.pipeline_cache_uuid.data(), id.pipeline_cache_uuid.size());
  return hash.value();
}

uint64_t hash_of(const std::vector<std::byte>& blob) { return Hash().bytes(blob.data(), blob.size()).value(); }

// What the specification says that every driver's blob begins with (VkPipelineCacheHeaderVersionOne).
bool blob_fits(const std::vector<std::byte>& blob, const CacheIdentity& id) {
  struct {
    uint32_t size, version, vendor, device;
    std::array<uint8_t, 16> uuid;
  } head;
  static_assert(sizeof head == 32);
  if (blob.size() < sizeof head) return false;
  std::memcpy(&head, blob.data(), sizeof head);
  return head.size >= sizeof head && head.version == 1 && head.vendor == id.vendor_id && head.device == id.device_id &&
         head.uuid == id.pipeline_cache_uuid;
}

std::string temporary_name(const std::string& path) {
  // Unique among threads by the counter, among processes by the clock.
  static std::atomic<uint64_t> serial{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return text(path, ".", now, ".", serial++, ".tmp");
}

constexpr const char* kNoFile = "is not a regular file and was not changed";

// A pipe would be waited for without end, and a device replaced.
bool is_file_or_nothing(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::is_regular_file(status) || !fs::exists(status);
}

}  // namespace

std::string cache_file_path(const std::string& folder, const CacheIdentity& identity) {
  return (fs::path(folder) / text("pipelines-", uuid_string(identity.device_uuid), "-",
                                  formatted("%08x", identity.driver_version), ".bin"))
      .string();
}

std::vector<std::byte> read_cache_file(const std::string& path, const CacheIdentity& identity, std::string* why) {
  const auto refuse = [&](const char* reason) {
    if (why) *why = text(path, ": ", reason);
    return std::vector<std::byte>{};
  };
  if (why) why->clear();
  if (!is_file_or_nothing(path)) return refuse(kNoFile);
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse("the file does not exist yet");
  Header header;
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return refuse("shorter than its header");
  if (header.magic != kMagic) return refuse("not a pipeline cache");
  if (header.identity != hash_of(identity)) return refuse("written for another device or driver");
  if (header.size > kLargestBlob) return refuse("larger than any pipeline cache");
  std::error_code error;
  if (fs::file_size(path, error) != sizeof header + header.size || error) return refuse("cut off");
  std::vector<std::byte> blob(header.size);
  if (!file.read(reinterpret_cast<char*>(blob.data()), static_cast<std::streamsize>(blob.size())))
    return refuse("cut off");
  if (header.checksum != hash_of(blob)) return refuse("damaged");
  if (!blob_fits(blob, identity)) return refuse("written by another driver");
  return blob;
}

std::string replace_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  if (!is_file_or_nothing(path)) return text(path, ": ", kNoFile);
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return text(path, ": its folder could not be created: ", reason_of(error));
  const std::string temporary = temporary_name(path);
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      fs::remove(temporary, error);
      return text(path, ": it could not be written");
    }
  }
  fs::rename(temporary, path, error);
  if (!error) return {};
  const std::string reason = reason_of(error);
  fs::remove(temporary, error);
  return text(path, ": ", reason);
}

std::string write_cache_file(const std::string& path, const CacheIdentity& identity,
                             const std::vector<std::byte>& blob) {
  const Header header{kMagic, hash_of(identity), blob.size(), hash_of(blob)};
  std::string bytes(sizeof header + blob.size(), '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!blob.empty()) std::memcpy(bytes.data() + sizeof header, blob.data(), blob.size());
  return replace_file(path, bytes);
}

}  // namespace lemnos::vulkan
