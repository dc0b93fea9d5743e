// Runs cases on a device in every way that a case can be run, and says in one line how to repeat each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "check/judge.h"
#include "check/prepared.h"
#include "lemnos/session.h"

namespace lemnos::check {

/// Poisoned bytes before and after every tensor of a run.
inline constexpr uint64_t kGuardBytes = 1024;

/// One way to run one case.
struct Run {
  const Case* item = nullptr;
  size_t index = 0;  // among the cases of its op
  DType dtype = DType::f32;
  std::string variant;  // empty: the op has only one
  Direction direction = Direction::forward;
  uint64_t seed = 42;
  std::string preset;    // which poorer device the device plays; empty: none
  bool special = false;  // with NaN, infinities and the ends of the type in each input
};

/// How much of the suite. whole: all of it. broad: every case in f32, in two of its op's variants in turn, and in each
/// half type every third case for each variant; second derivatives of every fourth case that has them. fast: of the
/// small shapes every third in f32 and every ninth in a half type, in two variants in turn, and one second derivative
/// of an op. smoke: a third of that, and no second derivative. Special values: two small cases of each op and type, in
/// all variants, with broad and fast one; with smoke none.
enum class Tier : uint8_t { whole, broad, fast, smoke };
/// By its name; no name is the whole. Throws `invalid_argument`.
Tier find_tier(std::string_view name);

struct Filter {
  std::string op, variant;  // empty: all
  std::string dtype;        // "f16"
  std::string direction;    // "forward", "backward", "second"
  std::string shape;        // "113x41": of the first input
  int64_t index = -1;       // a case's number within its op
  uint64_t seed = 42;
  Tier tier = Tier::whole;
  bool special = false;  // only runs with special values
  std::string preset;    // chooses no run: it is where they run
};

std::vector<Run> expand(const std::vector<Case>& cases, const Filter& filter);
/// "softmax/f16/shared/113x41/backward/3"
std::string name_of(const Run& run);
/// "lemnos check --op softmax --dtype f16 ... --device NAME"
std::string reproducer(const Run& run, const DeviceInfo& device);

/// Forward or backward against the reference, with all memory poisoned beforehand, guards around every tensor, inputs
/// compared afterwards, and a second run that must be bit-equal.
Outcome run_on(const Run& run, const Device& device);
/// Forward or backward with one element of one floating input set to a special value, for each input and value: against
/// the reference, in which NaN must come through unless the case says why not.
Outcome run_special(const Run& run, const Device& device);
/// The device-independent part of a case: the reference's gradients against central differences, unless the case says
/// why not; and its gradients against those of its decomposition, where it has one.
Outcome run_reference(const Case& c, uint64_t seed);
/// Whether that looks at anything.
bool has_reference_checks(const Case& c);
/// The gradients of the gradients against central differences. An application's own op may have none: it is skipped
/// with the reason, where one of ours fails.
Outcome run_second_differences(const Case& c, uint64_t seed);
/// Whether a case has them: it is small, and says nothing against it.
bool has_second(const Case& c);

}  // namespace lemnos::check
