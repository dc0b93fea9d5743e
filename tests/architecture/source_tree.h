// The source tree as the architecture tests see it: files, the layer each belongs to, their lines and includes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lemnos::architecture {

struct Include {
  std::string path;     // as written between the quotes or brackets
  bool angled = false;  // <path>
  size_t line = 0;      // from 1
};

struct SourceFile {
  std::string path;  // relative to the top of the repository, with '/'
  std::vector<std::string> lines;
};

/// Every text file under the given folders (relative to `top`) whose name ends in one of `endings`, in order of path.
/// Throws std::runtime_error when none is found: a test over nothing would pass.
std::vector<SourceFile> load(const std::filesystem::path& top, const std::vector<std::string>& folders,
                             const std::vector<std::string>& endings);

std::vector<Include> includes(const SourceFile& file);

/// Every public header that has a layer.
std::vector<std::string> public_headers();

/// The layer that a file of src/ or a public header belongs to, or "" for a file that belongs to none.
std::string layer_of(std::string_view path);

}  // namespace lemnos::architecture
