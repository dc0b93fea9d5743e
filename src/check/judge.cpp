#include "check/judge.h"

#include <algorithm>

#include "base/half.h"
#include "base/text.h"
#include "check/compare.h"

namespace lemnos::check {

std::vector<double> decoded(const TensorDesc& desc, const Bytes& bytes) {
  std::vector<double> values(static_cast<size_t>(desc.elements()));
  decode(desc.dtype, bytes.data(), values.data(), values.size());
  return values;
}

Outcome judge(const Prepared& prepared, const std::vector<Bytes>& results) {
  Outcome outcome;
  for (size_t i = 0; i < results.size(); ++i) {
    const TensorDesc& desc = prepared.outputs[i].desc();
    const Comparison comparison =
        compare(decoded(desc, results[i]), prepared.reference[i], desc, prepared.tolerances[i],
                prepared.bounds.empty() ? std::vector<double>() : prepared.bounds[i]);
    if (comparison.worst_ratio > outcome.worst_ratio) {
      outcome.worst_ratio = comparison.worst_ratio;
      outcome.worst = text(prepared.names[i], ' ', comparison.worst);
    }
    if (comparison.right) continue;
    outcome.kind = Outcome::Kind::failed;
    outcome.message = text(prepared.names[i], ": ", comparison.message);
    return outcome;
  }
  return outcome;
}

}  // namespace lemnos::check
