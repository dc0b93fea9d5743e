// One call: built, run on a device, and compared with what the court says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "judges/arrays.h"
#include "judges/tables.h"
#include "lemnos/session.h"

namespace lemnos::judges {

struct Outcome {
  enum class Kind { right, wrong, unexpressed };
  Kind kind = Kind::right;
  std::string message;  // what is wrong, or why it is not expressed

  static Outcome wrong(std::string what) { return {Kind::wrong, std::move(what)}; }
  static Outcome unexpressed(std::string why) { return {Kind::unexpressed, std::move(why)}; }
};

/// "" where `got` is what `want` says, else the first place where it is not.
std::string difference(const Array& want, const Shape& shape, const std::vector<double>& got, Tolerance tolerance);

/// The gradients of the court's objective, sum(result * cos(i + 1)) over all floating results, for each of `wrt`; "no
/// value" where no result depends on it.
std::vector<Value> court_gradients(const std::vector<Value>& results, const std::vector<Value>& wrt);

/// A value of a run and what it should be.
struct Claim {
  std::string what;  // "result 0", "gradient of t0"
  Value value;       // no value: zeros
  const Array* want = nullptr;
  Tolerance tolerance;
};
/// What each value holds after a run with these inputs; for "no value" nothing. At least one must be a value.
std::vector<Array> computed(const Device& device, const std::map<std::string, Value>& inputs, const Arrays& arrays,
                            const std::vector<Value>& values);
/// Runs the graph with these inputs and compares.
Outcome judge(const Device& device, const std::map<std::string, Value>& inputs, const Arrays& arrays,
              const std::vector<Claim>& claims);

/// One call of an op by its row: `call` as the database writes it. In a half type the court has no numbers: then what
/// is right is what the CPU reference, which the court has judged in f32, makes of the rounded inputs; and a call that
/// the type does not have is not expressed.
Outcome judge_call(const Device& device, const Row& row, const Json& call, const Arrays& arrays,
                   DType dtype = DType::f32);

/// A call as one writes it: "(f32[2, 3], i64[2]; reduction=mean)".
std::string signature(const Json& call, const Arrays& arrays);

}  // namespace lemnos::judges
