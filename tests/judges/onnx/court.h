// ONNX's test data: a folder of cases, each a model and its inputs and outputs (README.md).
#pragma once

#include <filesystem>
#include <string>

#include "judges/report.h"
#include "lemnos/session.h"

namespace lemnos::judges::onnx {

/// Judges every case in the groups of `folder` ("node", "simple", ..), or those of the op `only`. Throws `not_found`
/// where there are none, `corrupt_data` for a file that is not what it should be.
Report judge_onnx(const Device& device, const std::filesystem::path& folder, const std::string& only);

}  // namespace lemnos::judges::onnx
