#include "documents.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>
#include <set>

namespace lemnos::architecture {
namespace {

SourceFile page_at(const std::filesystem::path& top, const std::string& path) {
  SourceFile page{path, {}};
  std::ifstream in(top / path);
  for (std::string line; std::getline(in, line);) page.lines.push_back(line);
  return page;
}

bool is_fence(const std::string& line) { return line.starts_with("```"); }

// The name by which a link finds a heading: lower case, spaces as hyphens, other punctuation left out.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading.substr(heading.find_first_not_of("# "))) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') anchor += '-';
    if (c == '-' || c == '_' || byte >= 0x80 || std::isalnum(byte)) anchor += static_cast<char>(std::tolower(byte));
  }
  return anchor;
}

std::set<std::string> anchors(const SourceFile& page) {
  std::set<std::string> found;
  bool fenced = false;
  for (const std::string& line : page.lines) {
    if (is_fence(line)) fenced = !fenced;
    if (!fenced && line.starts_with('#') && line.find_first_not_of("# ") != std::string::npos)
      found.insert(anchor_of(line));
  }
  return found;
}

std::string without_code(const std::string& line) {
  static const std::regex code("`[^`]*`");
  return std::regex_replace(line, code, "");
}

bool is_named(const std::string& text, const std::string& stem) {
  for (size_t at = text.find(stem); at != std::string::npos; at = text.find(stem, at + 1)) {
    const char before = at == 0 ? ' ' : text[at - 1];
    const char after = at + stem.size() < text.size() ? text[at + stem.size()] : ' ';
    const auto in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    if (!in_name(before) && !in_name(after)) return true;
  }
  return false;
}

// The words with a star or a <placeholder> in code marks or indented blocks: with a point they are whole names, without
// stems.
struct NamePattern {
  bool whole = false;
  std::regex pattern;
};

std::vector<NamePattern> name_patterns(const std::vector<std::string>& lines) {
  static const std::regex code("`[^`]+`"), word(R"([\w*<>.]*(\*|<\w+>)[\w*<>.]*)");
  static const std::regex wild(R"(\*|<\w+>)"), point(R"(\.)");
  std::vector<NamePattern> found;
  const std::sregex_iterator end;
  const auto read = [&](const std::string& marked) {
    for (std::sregex_iterator match(marked.begin(), marked.end(), word); match != end; ++match) {
      const std::string name = match->str();
      if (std::regex_replace(name, wild, "").empty()) continue;  // a product, a pointer
      found.push_back({name.find('.') != std::string::npos,
                       std::regex(std::regex_replace(std::regex_replace(name, point, "\\."), wild, "\\w*"))});
    }
  };
  for (const std::string& line : lines) {
    if (line.starts_with("    ")) read(line);
    for (std::sregex_iterator mark(line.begin(), line.end(), code); mark != end; ++mark) read(mark->str());
  }
  return found;
}

}  // namespace

std::vector<SourceFile> documents(const std::filesystem::path& top) {
  std::vector<SourceFile> pages =
      load(top, {".ci", ".github", "include", "src", "shaders", "tests", "samples"}, {".md"});
  for (const auto& entry : std::filesystem::directory_iterator(top))
    if (entry.path().extension() == ".md") pages.push_back(page_at(top, entry.path().filename().string()));
  return pages;
}

std::vector<Quote> quotes(const SourceFile& page) {
  std::vector<Quote> found;
  for (size_t i = 0; i < page.lines.size(); ++i) {
    if (!is_fence(page.lines[i])) continue;
    Quote quote{page.lines[i].substr(3), "", i + 2};
    while (++i < page.lines.size() && !is_fence(page.lines[i])) quote.text += page.lines[i] + "\n";
    found.push_back(std::move(quote));
  }
  return found;
}

Findings unnamed_files(const SourceFile& readme, const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& line : readme.lines) text += line + "\n";
  const std::vector<NamePattern> patterns = name_patterns(readme.lines);
  Findings findings;
  bool any = false;
  for (const std::string& file : files) {
    const std::string name = std::filesystem::path(file).filename().string(), stem = name.substr(0, name.find('.'));
    const auto fits = [&](const NamePattern& p) { return std::regex_match(p.whole ? name : stem, p.pattern); };
    const bool named = is_named(text, stem) || std::ranges::any_of(patterns, fits);
    any = any || named;
    if (!named) findings.push_back(readme.path + ": does not name " + file);
  }
  return any ? findings : Findings{};
}

Findings broken_links(const SourceFile& page, const std::filesystem::path& top) {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  Findings findings;
  bool fenced = false;
  for (size_t i = 0; i < page.lines.size(); ++i) {
    if (is_fence(page.lines[i])) fenced = !fenced;
    if (fenced) continue;
    const std::string line = without_code(page.lines[i]);
    for (std::sregex_iterator match(line.begin(), line.end(), link), end; match != end; ++match) {
      const std::string target = match->str(1);
      if (target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
      const size_t hash = std::min(target.find('#'), target.size());
      const std::string path = target.substr(0, hash), anchor = target.substr(std::min(hash + 1, target.size()));
      const std::string where = page.path + ":" + std::to_string(i + 1) + ": ";
      const std::filesystem::path file =
          path.empty() ? std::filesystem::path(page.path)
                       : (std::filesystem::path(page.path).parent_path() / path).lexically_normal();
      if (!path.empty() && !std::filesystem::exists(top / file)) {
        findings.push_back(where + "there is no " + file.generic_string());
      } else if (!anchor.empty() &&
                 !anchors(path.empty() ? page : page_at(top, file.generic_string())).contains(anchor)) {
        findings.push_back(where + file.generic_string() + " has no heading #" + anchor);
      }
    }
  }
  return findings;
}

}  // namespace lemnos::architecture
