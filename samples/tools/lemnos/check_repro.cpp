#include "check_repro.h"

#include "base/text.h"
#include "repro.h"

namespace lemnos::tool {

ReproFolder::ReproFolder(std::string folder, const DeviceInfo& device) : folder_(std::move(folder)), device_(device) {
  require(folder_.empty() || device.type != DeviceType::cpu_reference, ErrorCode::unsupported,
          "check: --repro needs a Vulkan device, and ", device.name, " launches nothing");
}

void ReproFolder::begin(const check::Run& run) { written_ = !folder_.empty() && write(run, ""); }

bool ReproFolder::end(const check::Run& run, const check::Outcome& outcome) {
  if (written_ && !first_ && outcome.kind == check::Outcome::Kind::passed) first_ = run;
  if (folder_.empty() || outcome.kind != check::Outcome::Kind::failed || !write(run, outcome.message)) return false;
  failed_ = check::name_of(run);
  return true;
}

void ReproFolder::finish(std::FILE* out) {
  if (folder_.empty()) return;
  if (failed_.empty() && first_) (void)write(*first_, "");
  if (failed_.empty() && !first_) {
    std::fprintf(out, "nothing in %s: this device runs none of it\n", folder_.c_str());
    return;
  }
  std::fprintf(out, "%s is in %s, %s:\n  cd '%s' && cc -std=c99 repro.c -o repro -lvulkan -lm && ./repro\n\n",
               failed_.empty() ? check::name_of(*first_).c_str() : failed_.c_str(), folder_.c_str(),
               failed_.empty() ? "and passed here" : "and failed here", folder_.c_str());
}

bool ReproFolder::write(const check::Run& run, const std::string& message) {
  try {
    Repro repro = repro_of(run, device_);
    repro.message = message;
    write_repro(repro, folder_);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    return false;  // this device does not run it, or it is many programs
  }
}

}  // namespace lemnos::tool
