#include "base/text.h"
#include "ops/op_table.h"

namespace lemnos {

const OpDef& find_op(std::string_view name) {
  std::string known;
  for (const OpDef* op : all_ops()) {
    if (op->name == name) return *op;
    known += text(known.empty() ? "" : ", ", op->name);
  }
  fail(ErrorCode::not_found, "no op '", name, "'; there are ", known);
}

}  // namespace lemnos
