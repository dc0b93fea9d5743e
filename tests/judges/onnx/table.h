// The tables: ONNX's name of an op, and the calls of Lemnos' public API that are the same.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "judges/onnx/call.h"
#include "judges/tables.h"

namespace lemnos::judges::onnx {

/// Tighter than ONNX's own (1e-3 and 1e-7): the data was computed in f32 by NumPy.
inline constexpr Tolerance kOnnx{1e-5, 1e-6};

struct OpRow {
  std::function<std::vector<Value>(Call&)> build;
  Tolerance tolerance = kOnnx;
  std::string family = {};
};

class OpTable {
 public:
  /// `build`: a function of a Call that returns a Value or a list of them. The op must be new.
  template <typename F>
  void add(const std::string& op, F build, Tolerance tolerance = kOnnx) {
    if constexpr (std::is_same_v<std::invoke_result_t<F&, Call&>, Value>)
      insert(op, {[build](Call& c) { return std::vector<Value>{build(c)}; }, tolerance, family_});
    else
      insert(op, {build, tolerance, family_});
  }
  void unary(const std::string& op, Value (*f)(Value), Tolerance tolerance = kOnnx) {
    add(
        op, [f](Call& c) { return through_real(c[0], f); }, tolerance);
  }
  /// What the API has no words for, with the reason.
  void none(const std::string& op, const std::string& reason) {
    add(op, [reason](Call&) -> Value { unexpressed(reason); });
  }
  void begin(const std::string& family) { family_ = family; }
  const OpRow* find(const std::string& op) const {
    const auto found = rows_.find(op);
    return found == rows_.end() ? nullptr : &found->second;
  }

 private:
  void insert(const std::string& op, OpRow row);

  std::string family_;
  std::map<std::string, OpRow> rows_;
};

// A file each.
void add_elements(OpTable& table);
void add_moves(OpTable& table);
void add_places(OpTable& table);
void add_reduced(OpTable& table);
void add_products(OpTable& table);
void add_windows(OpTable& table);
void add_resizing(OpTable& table);
void add_normed(OpTable& table);
void add_trained(OpTable& table);
void add_quantized(OpTable& table);
void add_recurrent(OpTable& table);
void add_absent(OpTable& table);

OpTable op_table();

}  // namespace lemnos::judges::onnx
