// The Markdown pages of the repository: their links, and the code that they quote.
#pragma once

#include <string>
#include <vector>

#include "rules.h"
#include "source_tree.h"

namespace lemnos::architecture {

/// Every page: those of the top level, and those of the folders.
std::vector<SourceFile> documents(const std::filesystem::path& top);

/// A fenced block of code. The lines lie between the fences.
struct Quote {
  std::string language, text;
  size_t line = 0;  // of its first line, from 1
};
std::vector<Quote> quotes(const SourceFile& page);

/// Links to files that do not exist, and to headings that their page does not have. Links to other hosts are not
/// followed.
Findings broken_links(const SourceFile& page, const std::filesystem::path& top);

/// A README names the job of every file in its folder, or of none. Files by name without their endings ("plan"), or by
/// a pattern in code marks ("c_*.cpp"; "<op>.cpp" stands for all). Returns the files that are missing.
Findings unnamed_files(const SourceFile& readme, const std::vector<std::string>& files);

}  // namespace lemnos::architecture
