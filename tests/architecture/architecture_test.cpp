// The rules over the whole tree, and for each rule a forbidden example that it must find.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "rules.h"
#include "source_tree.h"

namespace lemnos::architecture {
namespace {

const std::filesystem::path kTop = LEMNOS_SOURCE_DIR;
const std::vector<std::string> kCode = {".h", ".hpp", ".cpp", ".c"};
const std::vector<std::string> kAllCode = {".h",    ".hpp",   ".cpp", ".c",  ".comp",
                                           ".glsl", ".cmake", ".sh",  ".py", "CMakeLists.txt"};

template <typename Rule>
void expect_none(Rule rule, const std::vector<SourceFile>& files) {
  for (const SourceFile& file : files) {
    for (const std::string& finding : rule(file)) ADD_FAILURE() << finding;
  }
}

SourceFile made_up(std::string path, std::vector<std::string> lines) { return {std::move(path), std::move(lines)}; }

TEST(LazyMessages, AreWhereGraphsAreBuilt) { expect_none(lazy_messages, load(kTop, {"src"}, kCode)); }

TEST(LazyMessages, FindsThoseThatAreNot) {
  const std::vector<std::string> eager = {"void f() {", "  require(a.ok(\")\"),", "          \"has \", names());", "}"};
  EXPECT_EQ(lazy_messages(made_up("src/graph/a.cpp", eager)),
            Findings{"src/graph/a.cpp:2: a check calls names() whether it fails or not; write if (..) fail(..)"});
  EXPECT_TRUE(lazy_messages(made_up("src/io/a.cpp", eager)).empty());
  EXPECT_TRUE(lazy_messages(made_up("src/graph/a.cpp", {"require(ok, a);", "fail(text(b));"})).empty());
}

TEST(OwnNames, StandOnceInAFolder) {
  for (const std::string& finding : own_names(load(kTop, {"src", "tests", "samples/tools"}, {".cpp"})))
    ADD_FAILURE() << finding;
}

TEST(OwnNames, FindsThoseThatDoNot) {
  const SourceFile a = made_up("src/graph/a.cpp", {"namespace {", "Value taken(Value x) {", "}", "}  // namespace"});
  const SourceFile b = made_up("src/graph/b.cpp", {"namespace {", "int taken(int x, int y) {", "}", "}  // namespace"});
  const SourceFile c = made_up("src/graph/c.cpp", {"namespace {", "}  // namespace", "int taken(int x) {", "}"});
  SourceFile elsewhere = b;
  elsewhere.path = "src/plan/b.cpp";
  EXPECT_EQ(own_names({a, b}), Findings{"src/graph/b.cpp:2: taken is a name of src/graph/a.cpp, too"});
  const SourceFile d = made_up("src/graph/d.cpp", {"namespace {", "constexpr int64_t kMost = 3;", "}  // namespace"});
  const SourceFile e = made_up("src/graph/e.cpp", {"namespace {", "const Item kMost[] = {};", "}  // namespace"});
  EXPECT_EQ(own_names({d, e}), Findings{"src/graph/e.cpp:2: kMost is a name of src/graph/d.cpp, too"});
  EXPECT_TRUE(own_names({a, a, c, elsewhere}).empty());
}

TEST(IncludeDirection, HoldsInTheTree) {
  const std::vector<SourceFile> files = load(kTop, {"include/lemnos", "src"}, kCode);
  size_t arrows = 0;
  for (const SourceFile& file : files) arrows += includes(file).size();
  EXPECT_GT(arrows, files.size()) << "the includes were not read";
  expect_none(include_direction, files);
}

TEST(IncludeDirection, FindsForbiddenArrows) {
  const std::pair<const char*, const char*> forbidden[] = {{"src/base/half.cpp", "#include \"graph/print.h\""},
                                                           {"src/graph/graph.cpp", "#include \"plan/plan.h\""},
                                                           {"src/ops/gelu.cpp", "#include \"vulkan/context.h\""},
                                                           {"src/plan/plan.cpp", "#include \"ops/gelu.h\""},
                                                           {"src/vulkan/context.cpp", "#include \"graph/print.h\""},
                                                           {"src/vulkan/context.cpp", "#include \"lemnos/graph.h\""},
                                                           {"src/runtime/program.cpp", "#include \"ops/gelu.h\""},
                                                           {"src/io/npy.cpp", "#include \"train/fit.h\""},
                                                           {"src/nn/linear.cpp", "#include \"runtime/program.h\""},
                                                           {"src/train/fit.cpp", "#include \"vulkan/context.h\""},
                                                           {"src/check/check.cpp", "#include \"train/fit.h\""},
                                                           {"src/train/fit.cpp", "#include \"lemnos/watch.h\""},
                                                           {"src/api/c_train.cpp", "#include \"watch/board.h\""},
                                                           {"src/ops/gelu.cpp", "  #  include <vulkan/vulkan.h>"},
                                                           {"include/lemnos/ops.h", "#include \"lemnos/train.h\""},
                                                           {"src/nowhere/a.cpp", "#include \"base/half.h\""},
                                                           {"src/graph/graph.cpp", "#include \"elsewhere/thing.h\""}};
  for (const auto& [path, line] : forbidden) {
    EXPECT_FALSE(include_direction(made_up(path, {line})).empty()) << path << " may include " << line;
  }
}

TEST(IncludeDirection, AllowsWhatThePictureAllows) {
  const std::pair<const char*, const char*> allowed[] = {
      {"src/base/half.cpp", "#include \"base/half.h\""},        {"src/ops/gelu.cpp", "#include \"shaders/gelu.h\""},
      {"src/ops/gelu.cpp", "#include \"lemnos/graph.h\""},      {"src/train/fit.cpp", "#include \"runtime/program.h\""},
      {"src/train/fit.cpp", "#include \"lemnos/graph.h\""},     {"src/api/c_api.cpp", "#include \"train/fit.h\""},
      {"src/vulkan/context.cpp", "#include <vulkan/vulkan.h>"}, {"src/io/npy.cpp", "#include <nlohmann/json.hpp>"}};
  for (const auto& [path, line] : allowed) {
    EXPECT_EQ(include_direction(made_up(path, {line})), Findings{}) << path;
  }
}

TEST(PublicHeaders, IncludeTheStandardLibraryOnly) {
  expect_none(public_includes, load(kTop, {"include/lemnos"}, kCode));
  EXPECT_FALSE(public_includes(made_up("include/lemnos/ops.h", {"#include <vulkan/vulkan.h>"})).empty());
  EXPECT_FALSE(public_includes(made_up("include/lemnos/ops.h", {"#include \"base/half.h\""})).empty());
  EXPECT_FALSE(public_includes(made_up("include/lemnos/ops.h", {"#include <nlohmann/json.hpp>"})).empty());
  EXPECT_EQ(public_includes(made_up("include/lemnos/vulkan.h", {"#include <vulkan/vulkan_core.h>"})), Findings{});
  EXPECT_EQ(public_includes(made_up("include/lemnos/ops.h", {"#include <span>"})), Findings{});
}

// A row of a thing that is gone would excuse the next thing of that name.
TEST(Tables, NameWhatThereIs) {
  for (const std::string& header : public_headers())
    EXPECT_TRUE(std::filesystem::is_regular_file(kTop / header)) << header;
  for (const std::string& layer : layers()) EXPECT_TRUE(std::filesystem::is_directory(kTop / "src" / layer)) << layer;
  for (const std::string& path : exemptions()) {
    const std::vector<SourceFile> files =
        load(kTop, {std::filesystem::path(path).parent_path().generic_string()}, kCode);
    const auto file = std::ranges::find(files, path, &SourceFile::path);
    ASSERT_NE(file, files.end()) << path;
    EXPECT_FALSE(forbidden_words(made_up("src/elsewhere.cpp", file->lines)).empty()) << path << " needs no exemption";
  }
}

TEST(LineBudget, Holds) {
  expect_none(line_budget, load(kTop, {"include", "src", "shaders", "tests", "samples", ".ci"}, kAllCode));
}

TEST(LineBudget, FindsLongFilesAndFunctions) {
  EXPECT_EQ(line_budget(made_up("a.cpp", std::vector<std::string>(600, "x"))), Findings{});
  EXPECT_EQ(line_budget(made_up("a.cpp", std::vector<std::string>(601, "x"))).size(), 1u);
  std::vector<std::string> lines(60, "  x;");
  lines.front() = "int f(int x) {";
  lines.back() = "}";
  EXPECT_EQ(line_budget(made_up("a.cpp", lines)), Findings{});
  lines.insert(lines.begin() + 1, "  x;");
  EXPECT_EQ(line_budget(made_up("a.cpp", lines)).size(), 1u);
}

TEST(StandardHeaders, AreIncludedWhereTheirNamesAreUsed) {
  for (const std::string& finding :
       standard_headers(load(kTop, {"include", "src", "shaders", "tests", "samples"}, {".h", ".hpp", ".cpp"})))
    ADD_FAILURE() << finding;
}

TEST(StandardHeaders, AreMissedWhereTheyLack) {
  const auto findings = [](std::vector<std::string> lines) {
    return standard_headers({made_up("src/base/a.h", {"#pragma once", "#include <algorithm>"}),
                             made_up("src/base/b.cpp", std::move(lines))})
        .size();
  };
  EXPECT_EQ(findings({"#include <vector>", "int f() { return std::max(1, 2); }"}), 1u);
  EXPECT_EQ(findings({"#include <algorithm>", "int f() { return std::max(1, 2); }"}), 0u);
  EXPECT_EQ(findings({"#include \"a.h\"", "int f() { return std::max(1, 2); }"}), 0u) << "through a header of ours";
  EXPECT_EQ(findings({"#include \"base/a.h\"", "int f() { return std::max(1, 2); }"}), 0u)
      << "through a header of ours";
  EXPECT_EQ(findings({"#include <array>", "uint32_t f();"}), 1u);
  EXPECT_EQ(findings({"#include <stdint.h>", "uint32_t f();"}), 0u);
  EXPECT_EQ(findings({"#include <vulkan/vulkan_core.h>", "uint32_t f();"}), 0u);
  EXPECT_EQ(findings({"std::chrono::seconds f();"}), 1u);
  EXPECT_EQ(findings({"auto f() { return std::ranges::find(x, 1); }"}), 1u);
  EXPECT_EQ(findings({"// std::max", "const char* f() { return \"std::max, uint32_t\"; }", "int max, my_uint32_t;"}),
            0u);
  EXPECT_EQ(findings({"int f() { return std::max(std::min(1, 2), 3); }", "int g() { return std::max(1, 2); }"}), 1u)
      << "one for a file and a header";
  const auto of_text = [](std::vector<std::string> lines) {
    return standard_headers({made_up("src/base/text.h", {"void require();"}),
                             made_up("src/base/c.h", {"#include \"base/text.h\""}),
                             made_up("src/ops/b.cpp", std::move(lines))})
        .size();
  };
  EXPECT_EQ(of_text({"void f() { require(true); }", "void g() { fail(); }"}), 1u);
  EXPECT_EQ(of_text({"#include \"base/text.h\"", "void f() { require(true); }"}), 0u);
  EXPECT_EQ(of_text({"#include \"base/c.h\"", "void f() { require(true); }"}), 0u) << "through a header of ours";
  EXPECT_EQ(of_text({"void f() { stream.fail(); x->require(1); require_that(2); }"}), 0u);
}

TEST(ForbiddenWords, DoNotAppear) {
  std::vector<std::string> endings = kAllCode;
  endings.insert(endings.end(), {".md", ".json", ".yml", "run"});
  expect_none(forbidden_words,
              load(kTop, {"include", "src", "shaders", "tests", "samples", ".ci", ".github"}, endings));
}

TEST(ForbiddenWords, AreFound) {
  const std::pair<const char*, std::string> forbidden[] = {
      {"src/base/a.cpp", std::string("// TO") + "DO: later"},
      {"tests/a_test.cpp", std::string("  \"/ho") + "me/me/data\""},
      {".ci/a.sh", std::string("tar -tf a.tar | gr") + "ep -qx b"},
      {".ci/a.sh", std::string("b=$(find a | he") + "ad -n 1)"},
      {"shaders/a.comp", "  const float y = a / exp(x);"},
      {"shaders/common/a.glsl", "sum += dot(a, b);"},
      {"src/base/a.cpp", "  std::abort();"},
      {"src/base/a.cpp", "  exit(1);"},
      {"tests/a_test.cpp", std::string("GTEST_SKIP()") + ";"},
      {"src/base/a.cpp", "  assert(x > 0);"},
      {"src/io/a.cpp", "  std::system(command);"},
      {"samples/tools/lemnos/a.cpp", "  execvp(name, words);"},
      {"src/io/a.cpp", "  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);"},
      {"src/io/a.cpp", "  void* library = dlopen(name, RTLD_NOW);"},
      {"src/base/a.cpp", "  std::cerr << x;"},
      {"src/base/a.cpp", "  std::fprintf(stderr, x);"},
      {"src/base/a.cpp", "  fprintf(stderr, x);"},
      {"src/base/a.cpp", "  std::puts(x);"},
      {"src/base/a.cpp", "  std::snprintf(x, n, pattern);"},
      {"src/base/a.cpp", "  std::ostringstream out;"},
      {"src/base/a.cpp", "  require(::fsync(fd) == 0, code, std::strerror(errno));"},
      {"src/base/a.cpp", "  std::stod(x);"},
      {"src/base/a.cpp", "  std::tolower(c);"},
      {"tests/a_test.cpp", std::string("TEST(A, DISAB") + "LED_B) {"}};
  for (const auto& [path, line] : forbidden) EXPECT_EQ(forbidden_words(made_up(path, {line})).size(), 1u) << line;
  EXPECT_EQ(forbidden_words(made_up("src/base/a.cpp", {"  static_assert(x);", "  on_exit(f);", "  formatted(x);"})),
            Findings{});
  EXPECT_EQ(
      forbidden_words(made_up("shaders/a.comp", {"y = exact_exp(x) + v.length();  // exp(x)", "a / b * dot4(c, d);"})),
      Findings{});
}

TEST(EntryPoints, LetNoExceptionThroughToC) {
  const std::vector<SourceFile> files = load(kTop, {"src/api"}, {".cpp"});
  expect_none(guarded_entry_points, files);
  std::set<std::string> defined;
  for (const SourceFile& file : files)
    for (const EntryPoint& entry : entry_points(file)) defined.insert(entry.name);
  static const std::regex declaration(R"(^LEMNOS_API .*?(lemnos_\w+)\()");
  size_t declared = 0;
  for (const SourceFile& header : load(kTop, {"include/lemnos"}, {"lemnos.h"}))
    for (const std::string& line : header.lines) {
      std::smatch match;
      if (!std::regex_search(line, match, declaration)) continue;
      ++declared;
      EXPECT_TRUE(defined.contains(match[1])) << match[1] << " was not looked at";
    }
  EXPECT_EQ(declared, defined.size());
  EXPECT_GE(declared, 60u);
}

TEST(EntryPoints, ThatAreNotGuardedAreFound) {
  const std::vector<std::string> forbidden[] = {
      {"lemnos_result lemnos_f(int x) { return g(x); }"},
      {"lemnos_result lemnos_f(int x) {", "  g(x);", "  return guard(nullptr, [&] { h(x); });", "}"},
      {"lemnos_result lemnos_f(int x,", "                       int y) {",
       "  return guard(nullptr, [&] { h(\")\"); }) == LEMNOS_OK ? g(x) : LEMNOS_IO;", "}"},
      {"void lemnos_f(int x) { g(x); }"},
      {"int64_t lemnos_new_destroy(int x) { return g(x); }"},
      {"extern \"C\" const char* lemnos_f(int x) {", "  return g(x);", "}"}};
  for (const std::vector<std::string>& lines : forbidden)
    EXPECT_EQ(guarded_entry_points(made_up("src/api/c_a.cpp", lines)).size(), 1u) << lines[0];
  const std::vector<std::string> allowed[] = {
      {"lemnos_result lemnos_f(int x) { return guard(nullptr, [&] { g(x); }); }"},
      {"extern \"C\" lemnos_result lemnos_f(int x,", "                                  int y) {",
       "  return lemnos::c::guard_status([&] {", "    // the caller's (", "    return g(\"}\", x);", "  });", "}"},
      {"void lemnos_f_destroy(lemnos_f* f) { delete f; }"},
      {"lemnos_f info_of(int x) { return g(x); }"},
      {"lemnos_result lemnos_f(int x);"}};
  for (const std::vector<std::string>& lines : allowed)
    EXPECT_EQ(guarded_entry_points(made_up("src/api/c_a.cpp", lines)), Findings{}) << lines[0];
}

TEST(Packages, HaveTheVersionOfTheProject) {
  const auto content = [](const char* path) {
    std::ifstream file(kTop / path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string project = content("CMakeLists.txt"), port = content("src/packaging/vcpkg/lemnos/vcpkg.json");
  std::smatch version;
  ASSERT_TRUE(std::regex_search(project, version, std::regex("project\\(lemnos VERSION ([0-9.]+)")));
  EXPECT_NE(port.find("\"version\": \"" + version[1].str() + "\""), std::string::npos) << version[1];
}

}  // namespace
}  // namespace lemnos::architecture
