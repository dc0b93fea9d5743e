// The court of dlprimitives: cases made by hand, and files that are damaged.

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "judges/dlprimitives.h"
#include "lemnos/error.h"

namespace lemnos::judges {
namespace {

namespace fs = std::filesystem;

class GzipFolder {
 public:
  GzipFolder() { fs::create_directories(root_); }
  ~GzipFolder() { fs::remove_all(root_); }
  GzipFolder(const GzipFolder&) = delete;
  GzipFolder& operator=(const GzipFolder&) = delete;
  const fs::path& root() const { return root_; }
  fs::path write(const std::string& name, const std::string& text) const {
    const fs::path file = root_ / name;
    const gzFile out = gzopen(file.string().c_str(), "wb");
    EXPECT_EQ(gzwrite(out, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
    EXPECT_EQ(gzclose(out), Z_OK);
    return file;
  }

 private:
  fs::path root_ = fs::temp_directory_path() / "lemnos_dlprimitives_test";
};

std::string one_case(const std::string& gradient) {
  return R"({"operator": "Abs", "tests": [{"options": {}, "cases": [{"in_shapes": [[3]], "out_shapes": [[3]],
    "in_tensors": [[-1, 2, -3]], "out_tensors": [[1, 2, 3]], "out_diffs": [[1, 1, 10]], "in_diffs": [)" +
         gradient + R"(]}, {"in_shapes": [[3]], "out_shapes": [[3]], "use_cpu_reference": true}]}]})";
}

std::string verdict(const std::string& gradient) {
  const GzipFolder folder;
  folder.write("test_case_abs.json.gz", one_case(gradient));
  std::ostringstream out;
  judge_dlprimitives(Device::cpu(), folder.root(), {}).print(out);
  return out.str();
}

TEST(Dlprimitives, ResultsAndGradientsAreJudged) {
  const std::string table = verdict("[-1, 1, -10]");
  EXPECT_NE(table.find("expressed 1 of 2 calls, right 1, wrong 0"), std::string::npos) << table;
  EXPECT_NE(table.find("not expressed: 1 by shapes alone"), std::string::npos) << table;
}

TEST(Dlprimitives, AWrongGradientIsNamed) {
  const std::string table = verdict("[-1, 1, 10]");
  EXPECT_NE(table.find("in_diffs0 is -10 instead of 10 at element 2"), std::string::npos) << table;
}

TEST(Dlprimitives, AGradientThatIsNotAskedForIsNotJudged) {
  const std::string table = verdict("false");
  EXPECT_NE(table.find("right 1, wrong 0"), std::string::npos) << table;
}

TEST(Dlprimitives, DamagedFilesAreRefused) {
  const GzipFolder folder;
  const fs::path file = folder.write("test_case_abs.json.gz", one_case("[-1, 1, -10]"));
  EXPECT_EQ(read_gzip(file), one_case("[-1, 1, -10]"));
  const auto refused = [&] {
    try {
      (void)read_gzip(file);
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::internal;
  };
  for (uintmax_t size = fs::file_size(file) - 1; size > 20; size -= 7) {
    fs::resize_file(file, size);
    EXPECT_EQ(refused(), ErrorCode::corrupt_data) << size << " bytes are left";
  }
  fs::remove(file);
  EXPECT_EQ(refused(), ErrorCode::not_found);
}

}  // namespace
}  // namespace lemnos::judges
