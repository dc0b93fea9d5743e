#include "rules.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <regex>
#include <set>

namespace lemnos::architecture {
namespace {

using Layers = std::set<std::string, std::less<>>;

constexpr size_t kFileLines = 600;
constexpr size_t kFunctionLines = 60;

const Layers kEverything = {"base",  "graph",   "vulkan", "reference", "ops",     "autograd",  "nn",
                            "optim", "loss",    "train",  "plan",      "runtime", "io",        "check",
                            "api",   "shaders", "data",   "metrics",   "spirv",   "selection", "minimize"};

Layers without(Layers layers, std::initializer_list<const char*> names) {
  for (const char* name : names) layers.erase(name);
  return layers;
}

const Layers kCompose = {"autograd", "ops", "graph", "base"};

// layer -> what it may include besides itself
const std::map<std::string, Layers, std::less<>> kArrows = {
    {"base", {"shaders"}},
    {"graph", {"base"}},
    {"spirv", {"graph", "base"}},
    {"vulkan", {"base"}},
    {"reference", {"graph", "base", "shaders"}},
    {"ops", {"reference", "graph", "base", "shaders"}},
    {"autograd", {"ops", "graph", "base"}},
    {"nn", kCompose},
    {"optim", kCompose},
    {"loss", kCompose},
    {"plan", {"graph", "base", "shaders"}},
    {"runtime", {"plan", "vulkan", "graph", "base"}},
    {"io", {"graph", "base"}},
    {"data", {"io", "base"}},
    {"metrics", {"loss", "runtime", "io", "ops", "graph", "base"}},
    {"train", {"data", "metrics", "nn", "optim", "loss", "runtime", "io", "autograd", "ops", "graph", "base"}},
    {"selection", {"train", "data", "metrics", "base"}},
    {"minimize", {"runtime", "autograd", "graph", "base"}},
    {"onnx", {"train", "nn", "io", "runtime", "ops", "reference", "graph", "base"}},
    {"watch", {"train", "data", "metrics", "runtime", "graph", "base"}},
    {"check", without(kEverything, {"api", "train", "data", "metrics", "selection", "minimize"})},
    {"api", kEverything},
    {"python", kEverything},
};

const Layers kMayUseVulkanHeaders = {"vulkan", "runtime", "check", "api"};

std::string at(const SourceFile& file, size_t line) { return file.path + ":" + std::to_string(line) + ": "; }

bool is_vulkan_header(const Include& include) {
  return include.path.starts_with("vulkan/vulkan") || include.path == "vk_mem_alloc.h" || include.path == "volk.h";
}

// A list of op cases is a table, however it is written.
bool begins_function(const std::string& line) {
  static const std::regex not_a_function(
      R"(^(\s|#|\}|//|/\*|namespace\b|struct\b|class\b|enum\b|union\b|extern\b|layout\b|export\b|LEMNOS_OP_CASES\b).*)");
  return line.ends_with("{") && line.find('(') != std::string::npos && line.find(" = {") == std::string::npos &&
         !std::regex_match(line, not_a_function);
}

struct Word {
  const char* pattern;
  const char* reason;
  const char* where;                  // start of the paths that it applies to; "" for all
  std::vector<std::string> but = {};  // the files for which it is right
};

// The patterns are written so that none of them matches itself.
const Word kWords[] = {
    {"\\b(TO"
     "DO|FIX"
     "ME|XX"
     "X)\\b",
     "unfinished work belongs to the issues", ""},
    {"(^|[^\\w.$}*])/(ho"
     "me|wo"
     "rk|ro"
     "ot|Us"
     "ers|mn"
     "t)/",
     "a path of one machine", ""},
    {"[^|]\\| *(grep -\\w*[qm]|he"
     "ad\\b)",
     "it stops reading, which ends the writer, and under pipefail the script: sed -n 1p, or grep .. >/dev/null", ""},
    {R"(^(?:[^/]|/(?!/))*?(?:^|[^\w.])(?:exp2?|log2?|pow|sinh?|cosh?|tanh?|asinh?|acosh?|atanh?|dot|length|normalize|)"
     R"(distance|inversesqrt|round|mod|fract|smoothstep)\()",
     "drivers round it differently: shaders/common/exponential.glsl, elementary.glsl, sum4.glsl", "shaders/"},
    {"GTEST_SKIP\\(\\)\\s*;", "a skip needs a reason", "tests/"},
    {"\\bDISAB"
     "LED_",
     "a test that is switched off", "tests/"},
    {"using names"
     "pace std\\b",
     "names of std stay in std", ""},
    {"\\bstd::(abort|exit|terminate|quick_exit)\\b|(^|[^\\w:.>])(abort|exit)\\(",
     "a library never ends its user's process", "src/"},
    {"\\bstrerror\\b",
     "the reason is read when the message is printed: base/system_reason.h",
     "src/",
     {"src/base/system_reason.cpp"}},
    {"\\bstd::jthread\\b", "older releases of libc++ have none: base/threads.h", "src/", {"src/base/threads.h"}},
    {"\\bassert\\(", "an error is a message: require() of base/text.h", "src/"},
    {"\\b(system|popen|v?fork|exec[lv]\\w*|posix_spawnp?|CreateProcess[AW]?|ShellExecute\\w*|socket|connect|"
     "getaddrinfo)\\(",
     "no other program is started and no connection opened (README.md, Security)",
     "src/",
     {"src/watch/server.cpp"}},
    {"\\b(system|popen|v?fork|exec[lv]\\w*|posix_spawnp?|CreateProcess[AW]?|ShellExecute\\w*|socket|connect|"
     "getaddrinfo)\\(",
     "no other program is started and no connection opened (README.md, Security)", "samples/tools/"},
    {"\\b(dlopen|LoadLibrary\\w*)\\(", "one library is loaded: the Vulkan loader", "src/", {"src/vulkan/loader.cpp"}},
    {"std::(cout|cerr|clog|f?printf|f?puts|putchar)\\b|(^|[^\\w:.>])(f?printf|f?puts|putchar)\\(",
     "a library speaks through its log",
     "src/",
     {"src/base/log.cpp", "src/io/terminal.cpp"}},
    {"\\bv?snprintf\\(|\\b[io]?stringstream\\b|\\b(sto|strto|ato)[dfi]|\\bstrtold|\\bto(lower|upper)\\(|\\bis(alnum|"
     "alpha|x?digit|space|"
     "upper|lower|print|punct)\\(|\\bput_time|\\bstrftime|\\bstd::locale\\b|\\bset"
     "locale",
     "no text depends on a locale: text(), formatted() and lower_case() of base/text.h, std::to_chars",
     "src/",
     {"src/base/text.h", "src/base/text.cpp", "src/io/number_text.cpp", "src/io/jpeg.cpp"}},
};

// Entry points that return no lemnos_result and release nothing.
const std::map<std::string, const char*, std::less<>> kCannotThrow = {
    {"lemnos_version", "a number"},
    {"lemnos_result_name", "chooses between literals"},
    {"lemnos_op_names", "guards what it makes, and has no error to return"},
    {"lemnos_layer_names", "likewise"},
    {"lemnos_loss_names", "likewise"},
    {"lemnos_optimizer_names", "likewise"},
    {"lemnos_dataset_size", "reads a number"},
};

// Where the bracket at `open` is closed; brackets in literals and comments do not count. npos: nowhere.
size_t closing(const std::string& text, size_t open) {
  const char opens = text[open], closes = opens == '(' ? ')' : '}';
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text.compare(i, 2, "//") == 0) i = text.find('\n', i);
    if (i == std::string::npos) break;
    if (text[i] == '"' || text[i] == '\'') {
      const char quote = text[i];
      for (++i; i < text.size() && text[i] != quote; ++i) i += text[i] == '\\';
      continue;
    }
    depth += (text[i] == opens) - (text[i] == closes);
    if (depth == 0) return i;
  }
  return std::string::npos;
}

bool is_guarded(const std::string& body) {
  static const std::regex begins(R"(\s*return (?:lemnos::)?(?:c::)?guard(?:_status)?\()");
  std::smatch match;
  if (!std::regex_search(body, match, begins, std::regex_constants::match_continuous)) return false;
  const size_t end = closing(body, static_cast<size_t>(match.length()) - 1);
  return end != std::string::npos && std::regex_match(body.substr(end + 1), std::regex(R"(\s*;\s*)"));
}

}  // namespace

std::vector<std::string> layers() {
  std::vector<std::string> names;
  for (const auto& [name, targets] : kArrows) names.push_back(name);
  return names;
}

std::vector<std::string> exemptions() {
  std::vector<std::string> files;
  for (const Word& word : kWords) files.insert(files.end(), word.but.begin(), word.but.end());
  return files;
}

Findings include_direction(const SourceFile& file) {
  const std::string layer = layer_of(file.path);
  if (layer.empty()) return {file.path + ": belongs to no layer; public headers are listed in source_tree.cpp"};
  const auto allowed = kArrows.find(layer);
  if (allowed == kArrows.end()) return {file.path + ": the layer '" + layer + "' is not in the picture (rules.cpp)"};
  Findings findings;
  for (const Include& include : includes(file)) {
    if (is_vulkan_header(include)) {
      if (!kMayUseVulkanHeaders.contains(layer)) {
        findings.push_back(at(file, include.line) + layer + " must not see Vulkan, but includes " + include.path);
      }
      continue;
    }
    if (include.angled && !include.path.starts_with("lemnos/")) continue;
    if (include.path.find('/') == std::string::npos) continue;  // of the same folder, or made by the build for it
    const std::string target = layer_of(include.path);
    if (target == layer || allowed->second.contains(target)) continue;
    findings.push_back(at(file, include.line) + layer + " must not include " + include.path +
                       (target.empty() ? " (which belongs to no layer)" : " of " + target));
  }
  return findings;
}

Findings public_includes(const SourceFile& file) {
  Findings findings;
  for (const Include& include : includes(file)) {
    const bool ours = include.path.starts_with("lemnos/");
    const bool standard = include.angled && include.path.find_first_of("/.") == std::string::npos;
    const bool c_standard = include.angled && (include.path == "stdint.h" || include.path == "stddef.h") &&
                            file.path == "include/lemnos/lemnos.h";
    const bool interop = file.path == "include/lemnos/vulkan.h" && is_vulkan_header(include);
    if (ours || standard || c_standard || interop) continue;
    findings.push_back(at(file, include.line) + "a public header must not include " + include.path);
  }
  return findings;
}

Findings line_budget(const SourceFile& file) {
  Findings findings;
  if (file.lines.size() > kFileLines) {
    findings.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines, at most " +
                       std::to_string(kFileLines));
  }
  for (size_t i = 0; i < file.lines.size(); ++i) {
    if (!begins_function(file.lines[i])) continue;
    size_t end = i + 1;
    while (end < file.lines.size() && !file.lines[end].starts_with("}")) ++end;
    if (end - i + 1 > kFunctionLines) {
      findings.push_back(at(file, i + 1) + "a function of " + std::to_string(end - i + 1) + " lines, at most " +
                         std::to_string(kFunctionLines));
    }
    i = end;
  }
  return findings;
}

Findings forbidden_words(const SourceFile& file) {
  Findings findings;
  for (const Word& word : kWords) {
    if (!file.path.starts_with(word.where) || std::ranges::count(word.but, file.path)) continue;
    const std::regex pattern(word.pattern);
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(file.lines[i], match, pattern)) continue;
      findings.push_back(at(file, i + 1) + "'" + match.str() + "': " + word.reason);
    }
  }
  return findings;
}

std::vector<EntryPoint> entry_points(const SourceFile& file) {
  static const std::regex head(R"(^(?:extern "C" )?(\w[\w ]*?[ *]+)(lemnos_\w+)\()");
  std::vector<EntryPoint> found;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(file.lines[i], match, head)) continue;
    std::string rest;
    for (size_t line = i; line < file.lines.size(); ++line) rest += file.lines[line] + "\n";
    const size_t open = rest.find_first_of("{;");
    if (open == std::string::npos || rest[open] == ';') continue;  // a declaration
    std::string returns = match[1];
    returns.erase(returns.find_last_not_of(' ') + 1);
    found.push_back({returns, match[2], rest.substr(open + 1, closing(rest, open) - open - 1), i + 1});
  }
  return found;
}

Findings guarded_entry_points(const SourceFile& file) {
  Findings findings;
  for (const EntryPoint& entry : entry_points(file)) {
    const bool fine =
        entry.returns == "lemnos_result"
            ? is_guarded(entry.body)
            : (entry.returns == "void" && entry.name.ends_with("_destroy")) || kCannotThrow.contains(entry.name);
    if (!fine) findings.push_back(at(file, entry.line) + entry.name + " lets an exception through to C");
  }
  return findings;
}

Findings lazy_messages(const SourceFile& file) {
  static const std::regex kCheck(R"(\brequire\()"), kString(R"(\b(text|names|name_of|in_quotes|formatted|c_str)\()");
  const bool counts = std::ranges::any_of(std::array{"src/graph/", "src/autograd/", "src/ops/", "src/plan/", "src/nn/"},
                                          [&](const char* folder) { return file.path.starts_with(folder); });
  Findings findings;
  if (!counts) return findings;
  std::string whole;
  for (const std::string& line : file.lines) whole += line + "\n";
  for (std::sregex_iterator found(whole.begin(), whole.end(), kCheck), end; found != end; ++found) {
    size_t at_end = static_cast<size_t>(found->position() + found->length());
    const size_t begin = at_end;
    bool quoted = false;
    for (int depth = 1; depth > 0 && at_end < whole.size(); ++at_end) {
      const char c = whole[at_end];
      if (c == '"' && whole[at_end - 1] != '\\') quoted = !quoted;
      if (!quoted) depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    std::smatch call;
    const std::string arguments = whole.substr(begin, at_end - begin);
    if (std::regex_search(arguments, call, kString))
      findings.push_back(
          at(file, 1 + static_cast<size_t>(std::count(whole.begin(), whole.begin() + found->position(), '\n'))) +
          "a check calls " + call.str(1) + "() whether it fails or not; write if (..) fail(..)");
  }
  return findings;
}

Findings own_names(const std::vector<SourceFile>& files) {
  static const std::regex kFunction(
      R"(^(?!using|return|struct|class|enum|template|TEST|LEMNOS|#|//|static_assert|namespace)[A-Za-z_][\w:<>,&* \[\]]*[ &*>]([A-Za-z_]\w*)\()");
  static const std::regex kConstant(R"(^(?:static |inline )?(?:constexpr|const) [\w:<>, *]*\b(k[A-Z]\w*) ?[=\[{])");
  static const std::regex kNamed(R"(^\}  // namespace \w)");
  std::map<std::pair<std::string, std::string>, std::string> known;  // by folder and name, the file
  Findings findings;
  for (const SourceFile& file : files) {
    if (file.path.ends_with("_windows.cpp")) continue;
    const std::string folder = file.path.substr(0, file.path.rfind('/'));
    bool own = false;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      std::smatch found;
      if (line.starts_with("namespace {")) own = true;
      if (line.starts_with("}  // namespace") && !std::regex_search(line, kNamed)) own = false;
      if (!own || !(std::regex_search(line, found, kFunction) || std::regex_search(line, found, kConstant))) continue;
      if (found[1] == "PrintTo") continue;
      const auto [other, fresh] = known.try_emplace({folder, found[1]}, file.path);
      if (!fresh && other->second != file.path)
        findings.push_back(at(file, i + 1) + found.str(1) + " is a name of " + other->second + ", too");
    }
  }
  return findings;
}

}  // namespace lemnos::architecture
