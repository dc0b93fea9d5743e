// What the architecture tests forbid. Each rule is a function from one file to the sentences that say what is wrong in
// it, so a test can feed it a forbidden example and see it fail.
#pragma once

#include <string>
#include <vector>

#include "source_tree.h"

namespace lemnos::architecture {

using Findings = std::vector<std::string>;

/// The layers of the picture.
std::vector<std::string> layers();
/// The files for which a forbidden word is right.
std::vector<std::string> exemptions();

/// The arrows of the layer picture (src/README.md): for files of src/ and include/.
Findings include_direction(const SourceFile& file);

/// Public headers include the standard library and each other, nothing else (vulkan.h may include Vulkan).
Findings public_includes(const SourceFile& file);

/// At most 600 lines a file and 60 lines a function that begins in the first column.
Findings line_budget(const SourceFile& file);

/// Words that are always a mistake: unfinished work, paths of one machine, a test that is switched off, a way to end
/// the process of the application that links Lemnos.
Findings forbidden_words(const SourceFile& file);

/// Where graphs are built and planned, a check builds no message before it fails: arguments of require() are not calls
/// that make a string, which cost many times what the check does.
Findings lazy_messages(const SourceFile& file);

/// Files are compiled together, so a function or constant of an unnamed namespace has a name that no other file of its
/// folder gives to one: overloads that meet there would be chosen between.
Findings own_names(const std::vector<SourceFile>& files);

/// A function that C calls, as src/api/c_*.cpp defines it.
struct EntryPoint {
  std::string returns, name, body;  // the body without its braces
  size_t line = 0;                  // from 1
};
std::vector<EntryPoint> entry_points(const SourceFile& file);

/// No exception reaches C: what returns a lemnos_result is `return guard(..)` or `return guard_status(..)` and nothing
/// beside it; anything else is a ..._destroy, or named in rules.cpp with the reason why it cannot throw.
Findings guarded_entry_points(const SourceFile& file);

/// Every standard name of these C++ files has its header, in the file or in headers of ours that it includes. A name's
/// first use is reported. Findings over a whole tree, because headers of ours are looked for in it.
Findings standard_headers(const std::vector<SourceFile>& files);

}  // namespace lemnos::architecture
