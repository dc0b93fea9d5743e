// A file that uses a name of the standard library includes its header, itself or through headers of this repository:
// what one standard header includes of another differs between releases of it. So does a file that uses what every file
// uses of ours: compiled together with seven others it would find that in one of theirs.
#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "rules.h"

namespace lemnos::architecture {
namespace {

// header, and names of std that only it promises (of those declared in several, none). A name that ends in ':' is a
// namespace.
const std::pair<const char*, const char*> kPromised[] = {
    {"algorithm",
     "ranges: all_of any_of none_of find_if find_if_not count count_if mismatch equal search copy_n copy_if fill "
     "fill_n "
     "transform generate remove_if replace replace_if reverse rotate shuffle unique partition stable_partition sort "
     "stable_sort partial_sort nth_element lower_bound upper_bound equal_range binary_search merge includes max min "
     "minmax "
     "max_element min_element minmax_element clamp lexicographical_compare next_permutation is_sorted adjacent_find "
     "for_each"},
    {"array", "array to_array"},
    {"atomic", "atomic atomic_ref atomic_thread_fence"},
    {"bit", "bit_cast popcount countr_zero countl_zero bit_width bit_ceil has_single_bit"},
    {"charconv", "from_chars to_chars"},
    {"chrono", "chrono:"},
    {"cmath",
     "sqrt exp log log2 log10 log1p pow tanh cos sin floor ceil round lround fabs isnan isfinite isinf hypot fmod "
     "ldexp "
     "frexp erf nextafter fma trunc exp2 nearbyint signbit copysign"},
    {"condition_variable", "condition_variable"},
    {"cstdint", "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t"},  // also without std::
    {"cstdio", "printf fprintf snprintf fopen fread fwrite fclose puts"},
    {"cstdlib", "getenv strtol strtoul strtod system malloc"},
    {"cstring", "memcpy memset memcmp memmove strlen strcmp strerror"},
    {"filesystem", "filesystem:"},
    {"fstream", "ifstream ofstream"},
    {"functional", "function plus less greater reference_wrapper"},
    {"limits", "numeric_limits"},
    {"map", "map multimap"},
    {"memory", "unique_ptr shared_ptr weak_ptr make_unique make_shared enable_shared_from_this"},
    {"mutex", "mutex lock_guard unique_lock scoped_lock once_flag call_once"},
    {"numbers", "numbers:"},
    {"numeric", "accumulate iota reduce inner_product gcd lcm"},
    {"optional", "optional nullopt"},
    {"regex", "regex smatch regex_match regex_search"},
    {"set", "set multiset"},
    {"span", "span"},
    {"sstream", "ostringstream istringstream stringstream"},
    {"stdexcept", "runtime_error logic_error invalid_argument out_of_range"},
    {"string", "string to_string stoi stoul stod"},
    {"thread", "thread"},
    {"tuple", "tuple tie make_tuple"},
    {"unordered_map", "unordered_map"},
    {"variant", "variant visit monostate holds_alternative get_if"},
    {"vector", "vector"},
};

// Functions of ours that are called everywhere in src, and where they are declared.
constexpr const char* kTextHeader = "src/base/text.h";
const std::set<std::string, std::less<>> kTextCalls = {"require", "fail", "formatted", "bytes_text", "lower_case"};

const std::map<std::string, std::string, std::less<>>& header_of_name() {
  static const auto table = [] {
    std::map<std::string, std::string, std::less<>> made;
    for (const auto& [header, names] : kPromised) {
      std::istringstream words(names);
      for (std::string name; words >> name;) made.emplace(name, header);
    }
    return made;
  }();
  return table;
}

// What stands in for a header: its C name, and interfaces that promise the types they are written in.
bool provides(const std::string& include, const std::string& header) {
  if (include == header) return true;
  if (header.starts_with('c') && include == header.substr(1) + ".h") return true;
  return header == "cstdint" && (include.starts_with("vulkan/vulkan") || include == "GLFW/glfw3.h");
}

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Without comments and the contents of strings.
std::string code_of(std::string_view line) {
  std::string code;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line.substr(i).starts_with("//")) break;
    if (line[i] == '"') {
      for (++i; i < line.size() && line[i] != '"'; ++i) i += line[i] == '\\';
      code += "\"\"";
    } else {
      code += line[i];
    }
  }
  return code;
}

// The words of a line that are names of the standard library: those after `std::`, and integer types.
std::vector<std::string> standard_names(const std::string& code) {
  std::vector<std::string> names;
  for (size_t i = 0; i < code.size();) {
    size_t end = i;
    while (end < code.size() && in_word(code[end])) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const std::string word = code.substr(i, end - i);
    const bool is_type = word.ends_with("_t") && word.find("int") != std::string::npos;
    const bool in_std = i >= 5 && code.compare(i - 5, 5, "std::") == 0;
    if (in_std && code.compare(end, 2, "::") == 0) names.push_back(word + ":");
    if (in_std || is_type) names.push_back(word);
    i = end;
  }
  return names;
}

// The first of kTextCalls that a line calls, unqualified, or an empty word.
std::string text_call(const std::string& code) {
  for (size_t i = 0; i < code.size();) {
    size_t end = i;
    while (end < code.size() && in_word(code[end])) ++end;
    const bool qualified = i > 0 && std::string_view(".>:~").find(code[i - 1]) != std::string_view::npos;
    if (end > i && end < code.size() && code[end] == '(' && !qualified && kTextCalls.contains(code.substr(i, end - i)))
      return code.substr(i, end - i);
    i = std::max(end, i + 1);
  }
  return {};
}

using Tree = std::map<std::string, const SourceFile*, std::less<>>;

// The file that an include means: beside the file that includes it, or in a folder that compilers are given.
const SourceFile* find_included(const Tree& tree, const SourceFile& file, const Include& include) {
  const std::string beside = std::filesystem::path(file.path).parent_path().generic_string() + "/";
  for (const std::string& folder : {beside, std::string("src/"), std::string("include/"), std::string("tests/"),
                                    std::string("samples/"), std::string()}) {
    const std::string path = std::filesystem::path(folder + include.path).lexically_normal().generic_string();
    const auto found = tree.find(path);
    if (found != tree.end()) return found->second;
  }
  return nullptr;
}

void collect(const Tree& tree, const SourceFile& file, std::set<const SourceFile*>& seen,
             std::set<std::string>& outside) {
  if (!seen.insert(&file).second) return;
  for (const Include& include : includes(file)) {
    if (const SourceFile* ours = find_included(tree, file, include)) {
      collect(tree, *ours, seen, outside);
    } else {
      outside.insert(include.path);
    }
  }
}

}  // namespace

Findings standard_headers(const std::vector<SourceFile>& files) {
  Tree tree;
  for (const SourceFile& file : files) tree.emplace(file.path, &file);
  Findings findings;
  for (const SourceFile& file : files) {
    std::set<const SourceFile*> seen;
    std::set<std::string> included, missing;
    collect(tree, file, seen, included);
    const bool has_text = !file.path.starts_with("src/") ||
                          std::ranges::any_of(seen, [](const SourceFile* one) { return one->path == kTextHeader; });
    for (size_t i = 0; i < file.lines.size(); ++i) {
      if (const std::string call = has_text ? "" : text_call(code_of(file.lines[i]));
          !call.empty() && missing.insert(kTextHeader).second)
        findings.push_back(file.path + ":" + std::to_string(i + 1) + ": uses " + call + " without \"base/text.h\"");
      for (const std::string& name : standard_names(code_of(file.lines[i]))) {
        const auto header = header_of_name().find(name);
        if (header == header_of_name().end()) continue;
        if (std::ranges::any_of(included, [&](const std::string& path) { return provides(path, header->second); }))
          continue;
        if (!missing.insert(header->second).second) continue;
        findings.push_back(file.path + ":" + std::to_string(i + 1) + ": uses " + name + " without <" + header->second +
                           ">");
      }
    }
  }
  return findings;
}

}  // namespace lemnos::architecture
