// PyTorch's own test database, as a folder of <op>.json and <op>.safetensors (README.md).
#pragma once

#include <filesystem>
#include <string>

#include "judges/report.h"
#include "lemnos/session.h"

namespace lemnos::judges {

/// Judges every call of `folder`, or those of the op `only`. Throws `not_found` where the folder or the op is not
/// there, `corrupt_data` for a file that is not what it should be.
Report judge_pytorch(const Device& device, const std::filesystem::path& folder, const std::string& only, DType dtype);

// The parts that are not calls of ops; each adds rows "optimizer.Adam", "schedule.StepLR", "module.LSTM".
void judge_optimizers(Report& report, const Device& device, const std::filesystem::path& folder,
                      const std::string& only);
void judge_schedules(Report& report, const Device& device, const std::filesystem::path& folder,
                     const std::string& only);
void judge_modules(Report& report, const Device& device, const std::filesystem::path& folder, const std::string& only);

/// The document in a file.
Json read_json(const std::filesystem::path& file);

}  // namespace lemnos::judges
