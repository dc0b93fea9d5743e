// Pages: their links lead somewhere, and the code on them is code that the tests compile and run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

#include "documents.h"

namespace lemnos::architecture {
namespace {

const std::filesystem::path kRepository = LEMNOS_SOURCE_DIR;

TEST(Links, LeadToFilesAndHeadings) {
  const std::vector<SourceFile> pages = documents(kRepository);
  EXPECT_GT(pages.size(), 40u);
  for (const SourceFile& page : pages)
    for (const std::string& finding : broken_links(page, kRepository)) ADD_FAILURE() << finding;
}

TEST(Links, ThatLeadNowhereAreFound) {
  const SourceFile page{"src/page.md",
                        {"# One heading: two", "[a](README.md) [b](nowhere.md)", "[c](#one-heading-two) [d](#three)",
                         "[e](../README.md#devices) [f](../README.md#no-such-heading)", "`[g](nowhere.md)`", "```",
                         "[h](nowhere.md)", "```", "[i](https://example.org/nowhere.md)"}};
  EXPECT_EQ(broken_links(page, kRepository),
            (Findings{"src/page.md:2: there is no src/nowhere.md", "src/page.md:3: src/page.md has no heading #three",
                      "src/page.md:4: README.md has no heading #no-such-heading"}));
}

// The samples are compiled and run by the tests, so what is quoted from them works.
TEST(Quotes, AreFromTheSamples) {
  std::string code;
  for (const SourceFile& file : load(kRepository, {"samples"}, {".cpp", ".c", ".h", ".py"}))
    for (const std::string& line : file.lines) code += line + "\n";
  size_t found = 0;
  for (const SourceFile& page : documents(kRepository)) {
    if (page.path != "README.md" && !page.path.starts_with("samples/")) continue;
    for (const Quote& quote : quotes(page)) {
      if (quote.language != "cpp" && quote.language != "c" && quote.language != "python") continue;
      EXPECT_NE(code.find(quote.text), std::string::npos) << page.path << ":" << quote.line << " is not in a sample:\n"
                                                          << quote.text;
      ++found;
    }
  }
  EXPECT_GE(found, 8u);
}

// Adjacent literals are one text, as for the compiler.
std::string joined_code(const std::vector<std::string>& folders, const std::vector<std::string>& endings) {
  std::string code;
  for (const SourceFile& file : load(kRepository, folders, endings))
    for (const std::string& line : file.lines) code += line + "\n";
  return std::regex_replace(code, std::regex(R"("\s*\n\s*")"), "");
}

TEST(Guides, ExplainMessagesThatTheLibraryPrints) {
  const std::string code = joined_code({"include", "src"}, {".cpp", ".h"});
  static const std::regex row(R"(^\| `([^`]+)` \|)");
  size_t found = 0;
  for (const SourceFile& page : load(kRepository, {"samples/guides"}, {"troubleshooting.md"}))
    for (size_t i = 0; i < page.lines.size(); ++i) {
      std::smatch message;
      if (!std::regex_search(page.lines[i], message, row)) continue;
      EXPECT_NE(code.find(message[1].str()), std::string::npos) << page.path << ":" << i + 1 << ": " << message[1];
      ++found;
    }
  EXPECT_GE(found, 25u);
}

bool has_word(const std::string& code, const std::string& word) {
  const auto in_word = [&](size_t i) { return i < code.size() && (std::isalnum(code[i]) || code[i] == '_'); };
  for (size_t at = code.find(word); at != std::string::npos; at = code.find(word, at + 1))
    if (!in_word(at - 1) && !in_word(at + word.size())) return true;
  return false;
}

TEST(Guides, NameWhatTheHeadersDeclare) {
  const std::string headers = joined_code({"include"}, {".h"});
  static const std::regex name(R"(\b(nn|loss|optim|data|metrics|callback|io|check|Init)::(\w+))");
  size_t found = 0;
  for (const SourceFile& page : load(kRepository, {"samples/guides"}, {".md"}))
    for (size_t i = 0; i < page.lines.size(); ++i)
      for (std::sregex_iterator at(page.lines[i].begin(), page.lines[i].end(), name), end; at != end; ++at, ++found)
        EXPECT_TRUE(has_word(headers, (*at)[2].str())) << page.path << ":" << i + 1 << ": " << at->str();
  EXPECT_GE(found, 100u);
}

TEST(Guides, ThatNameWhatIsNotThereAreFound) {
  EXPECT_TRUE(has_word("struct Linear {", "Linear"));
  EXPECT_FALSE(has_word("struct Linear {", "Line"));
  EXPECT_FALSE(has_word("struct BiLinear {", "Linear"));
}

// Folders whose README describes groups of files.
const std::vector<std::string> kByGroup = {"tests/judges", "tests/judges/onnx"};

TEST(Readmes, NameEveryFileOfTheirFolderOrNone) {
  size_t seen = 0;
  for (const SourceFile& readme : load(kRepository, {"include", "src", "tests", "samples", "shaders"}, {"README.md"})) {
    const std::string folder = readme.path.substr(0, readme.path.rfind('/'));
    if (std::ranges::find(kByGroup, folder) != kByGroup.end()) continue;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(kRepository / folder)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && name != "README.md" && name != "CMakeLists.txt" && !name.starts_with('.'))
        files.push_back(folder + "/" + name);
    }
    for (const std::string& finding : unnamed_files(readme, files)) ADD_FAILURE() << finding;
    ++seen;
  }
  EXPECT_GE(seen, 30u);
}

TEST(Readmes, ThatLeaveOutAFileAreFound) {
  const SourceFile readme{"src/a/README.md", {"`plan` plans, `c_*.cpp` is C, and parts too."}};
  EXPECT_EQ(unnamed_files(readme, {"src/a/plan.cpp", "src/a/plan.h", "src/a/c_data.cpp", "src/a/part.h"}),
            Findings{"src/a/README.md: does not name src/a/part.h"});
  EXPECT_EQ(unnamed_files(readme, {"src/a/x.cpp", "src/a/y.cpp"}), Findings{}) << "none is named";
  EXPECT_EQ(unnamed_files({"src/a/README.md", {"One file an op: `<op>.cpp`."}}, {"src/a/relu.cpp"}), Findings{});
}

// What the hosting service runs is what a developer runs.
TEST(Workflows, RunTheScriptsOfTheRepository) {
  static const std::regex script(R"(\.ci/\w+(\.sh)?)");
  for (const SourceFile& workflow : load(kRepository, {".github/workflows"}, {".yml"})) {
    bool whole = false;
    for (const std::string& line : workflow.lines) {
      whole = whole || line == "      - run: .ci/run";
      std::smatch found;
      if (!std::regex_search(line, found, script)) continue;
      EXPECT_TRUE(std::filesystem::is_regular_file(kRepository / found.str())) << workflow.path << ": " << line;
    }
    EXPECT_TRUE(whole) << workflow.path << " does not run .ci/run";
  }
}

TEST(Quotes, AreRead) {
  const SourceFile page{"a.md", {"text", "```cpp", "int x;", "  int y;", "```", "```", "z", "```"}};
  const std::vector<Quote> found = quotes(page);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].language, "cpp");
  EXPECT_EQ(found[0].text, "int x;\n  int y;\n");
  EXPECT_EQ(found[0].line, 3u);
  EXPECT_EQ(found[1].language, "");
}

}  // namespace
}  // namespace lemnos::architecture
