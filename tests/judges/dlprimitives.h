// The cases of the OpenCL library dlprimitives, computed by PyTorch, as a folder of test_case_<op>.json.gz (README.md).
#pragma once

#include <filesystem>
#include <string>

#include "judges/report.h"
#include "lemnos/session.h"

namespace lemnos::judges {

/// Judges every case of `folder`, or those of the op `only`: by the numbers that a case has, and one that has shapes
/// alone by the CPU reference, on every other device. Throws `not_found` where there are none, `corrupt_data` for a
/// file that is not what it should be.
Report judge_dlprimitives(const Device& device, const std::filesystem::path& folder, const std::string& only);

/// What a gzip file holds. Throws `not_found`, `corrupt_data` where it is damaged or cut short.
std::string read_gzip(const std::filesystem::path& file);

}  // namespace lemnos::judges
