// A case as a file, for backends that are not ours: what to compute is in `NAME.case.safetensors`, and the backend's
// results belong beside it in `NAME.result.safetensors`. The format is in README.md. The content of a case file
// decides, so a file that another program wrote, with other shapes, works too.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "check/judge.h"
#include "check/runner.h"
#include "io/safetensors.h"

namespace lemnos::check {

struct CaseFile {
  std::string name;  // "softmax/f32/113x41/backward/3"
  std::string op;
  Prepared prepared;
};

/// The case of a run, independent of its variant. Throws `unsupported` for cases that other programs cannot compute: an
/// application's own op, state that is not an input.
io::TensorFile case_file(const Run& run);
/// "softmax.f32.113x41.backward.3": the files of a case, without their endings.
std::string stem_of(const Run& run);

/// Throws what read_safetensors throws, and `corrupt_data` for a file that is no case.
CaseFile read_case_file(const std::filesystem::path& path);
/// The same from memory; `name` begins the messages.
CaseFile parse_case_file(const io::TensorFile& file, const std::string& name);
/// The case files of a folder, sorted; or that one file. Throws `not_found` if there is none.
std::vector<std::filesystem::path> find_case_files(const std::filesystem::path& path);
std::filesystem::path result_path(const std::filesystem::path& case_path);

/// Judges the results in `path`. Skipped where the file's metadata has the word `unsupported`, with that reason;
/// failed, in one line, where it is missing, damaged, or of other shapes and dtypes than requested. Throws nothing for
/// these.
Outcome judge_result_file(const CaseFile& asked, const std::filesystem::path& path);

}  // namespace lemnos::check
