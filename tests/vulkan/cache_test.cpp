// The pipeline cache on disk: written, read back, and never trusted.
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "support.h"
#include "vulkan/cache_file.h"

namespace lemnos::vulkan::testing {
namespace {

namespace fs = std::filesystem;

CacheIdentity identity() {
  return {.vendor_id = 0x10005, .device_id = 7, .driver_version = 0x01020304, .device_uuid = {1, 2, 3}};
}

// A blob as a driver would write it: the header of the specification, then anything.
std::vector<std::byte> blob_for(const CacheIdentity& id) {
  const uint32_t head[] = {32, 1, id.vendor_id, id.device_id};
  std::vector<std::byte> blob(100, std::byte{42});
  std::memcpy(blob.data(), head, sizeof head);
  std::memcpy(blob.data() + sizeof head, id.pipeline_cache_uuid.data(), 16);
  return blob;
}

void damage(const std::string& path, std::streamoff at) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(at);
  const int byte = file.get();
  file.seekp(at);
  file.put(static_cast<char>(byte ^ 1));
}

TEST(CacheFile, SurvivesTheRoundTrip) {
  const TemporaryFolder folder;
  const std::string path = cache_file_path(folder.path() + "/deeper/still", identity());
  EXPECT_EQ(write_cache_file(path, identity(), blob_for(identity())), "");
  std::string why;
  EXPECT_EQ(read_cache_file(path, identity(), &why), blob_for(identity()));
  EXPECT_EQ(why, "");
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path())) files += entry.is_regular_file();
  EXPECT_EQ(files, 1u) << "a temporary file was left behind";
}

TEST(CacheFile, EveryDamageIsNoticed) {
  const TemporaryFolder folder;
  const std::string path = cache_file_path(folder.path(), identity());
  std::string why;
  EXPECT_TRUE(read_cache_file(path, identity(), &why).empty());
  ASSERT_EQ(write_cache_file(path, identity(), blob_for(identity())), "");
  const auto size = static_cast<std::streamoff>(fs::file_size(path));
  for (std::streamoff at = 0; at < size; ++at) {
    ASSERT_EQ(write_cache_file(path, identity(), blob_for(identity())), "");
    damage(path, at);
    EXPECT_TRUE(read_cache_file(path, identity(), &why).empty()) << "byte " << at;
    EXPECT_FALSE(why.empty());
  }
  for (std::streamoff length = 0; length < size; length += 7) {
    ASSERT_EQ(write_cache_file(path, identity(), blob_for(identity())), "");
    fs::resize_file(path, static_cast<uintmax_t>(length));
    EXPECT_TRUE(read_cache_file(path, identity(), &why).empty()) << "cut to " << length;
  }
}

TEST(CacheFile, AnotherDriverOrDeviceIsRefused) {
  const TemporaryFolder folder;
  const std::string path = cache_file_path(folder.path(), identity());
  ASSERT_EQ(write_cache_file(path, identity(), blob_for(identity())), "");
  CacheIdentity newer = identity();
  newer.driver_version = 0x01020305;
  EXPECT_TRUE(read_cache_file(path, newer, nullptr).empty());
  EXPECT_NE(cache_file_path(folder.path(), newer), path);
  CacheIdentity other = identity();
  other.device_uuid[15] = 1;
  EXPECT_TRUE(read_cache_file(path, other, nullptr).empty());
  // A file that is whole, with a blob that is not for this device.
  CacheIdentity foreign = identity();
  foreign.vendor_id = 1;
  ASSERT_EQ(write_cache_file(path, identity(), blob_for(foreign)), "");
  EXPECT_TRUE(read_cache_file(path, identity(), nullptr).empty());
}

TEST(CacheFile, AFolderThatCannotBeCreatedIsReported) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "in the way";
  EXPECT_NE(write_cache_file(folder.path() + "/file/cache.bin", identity(), blob_for(identity())), "");
}

TEST(CacheFile, APipeOfItsNameIsNotChanged) {
  const TemporaryFolder folder;
  const std::string path = cache_file_path(folder.path(), identity());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::string why;
  EXPECT_TRUE(read_cache_file(path, identity(), &why).empty());  // and does not wait for a writer
  EXPECT_EQ(why, path + ": is not a regular file and was not changed");
  EXPECT_EQ(write_cache_file(path, identity(), blob_for(identity())), why);
  EXPECT_TRUE(fs::is_fifo(path));
}

class Cache : public VulkanTest {};

std::string only_file(const std::string& folder) {
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder)) found = entry.path().string();
  return found;
}

TEST_F(Cache, IsKeptBetweenContexts) {
  const TemporaryFolder folder;
  {
    const std::shared_ptr<Context> context = open({.cache_folder = folder.path()});
    EXPECT_EQ(context->pipelines().loaded_bytes(), 0u);
    expect_scale_add_works(context, 2, 3);
  }
  ASSERT_FALSE(only_file(folder.path()).empty()) << "no cache file was written";
  const std::shared_ptr<Context> context = open({.cache_folder = folder.path()});
  EXPECT_GE(context->pipelines().loaded_bytes(), 32u);
  EXPECT_EQ(context->pipelines().file(), only_file(folder.path()));
  expect_scale_add_works(context, 2, 3);
}

TEST_F(Cache, ADamagedFileIsIgnoredAndReplaced) {
  const TemporaryFolder folder;
  expect_scale_add_works(open({.cache_folder = folder.path()}), 2, 3);
  damage(only_file(folder.path()), 40);
  {
    const std::shared_ptr<Context> context = open({.cache_folder = folder.path()});
    EXPECT_EQ(context->pipelines().loaded_bytes(), 0u);
    expect_scale_add_works(context, 2, 3);
    EXPECT_TRUE(context->save_pipeline_cache());
  }
  EXPECT_GE(open({.cache_folder = folder.path()})->pipelines().loaded_bytes(), 32u);
}

TEST_F(Cache, AFolderThatCannotBeWrittenOnlyCostsTheCache) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "in the way";
  const std::shared_ptr<Context> context = open({.cache_folder = folder.path() + "/file"});
  expect_scale_add_works(context, 2, 3);
  EXPECT_FALSE(context->save_pipeline_cache());
  EXPECT_NE(logged_.back().find("pipeline cache: not kept"), std::string::npos) << logged_.back();
}

TEST_F(Cache, TheEnvironmentChoosesTheFolder) {
  const ScopedVariable xdg("XDG_CACHE_HOME", "/somewhere");
  {
    const ScopedVariable unset("LEMNOS_CACHE_DIR", nullptr);
    EXPECT_EQ(default_cache_folder(), "/somewhere/lemnos");
  }
  {
    const ScopedVariable named("LEMNOS_CACHE_DIR", "/elsewhere");
    EXPECT_EQ(default_cache_folder(), "/elsewhere");
  }
  const TemporaryFolder folder;
  const ScopedVariable off("LEMNOS_CACHE_DIR", "off");
  EXPECT_EQ(default_cache_folder(), "");
  expect_scale_add_works(open({.cache_folder = folder.path()}), 2, 3);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace lemnos::vulkan::testing
