// The tables: PyTorch's name of an op, and the call of Lemnos' public API that is the same. A name that stands in no
// table is not expressed ("no op").
#pragma once

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "judges/args.h"
#include "lemnos/graph.h"

namespace lemnos::judges {

/// |got - want| <= absolute + relative |want| + of_largest max|want|. The court's own for float32, unless the op's
/// class is tighter, or a line says why it is not right there.
struct Tolerance {
  double relative = 1.3e-6;
  double absolute = 1e-5;
  double of_largest = 0;
};
inline constexpr Tolerance kCourt{};
inline constexpr Tolerance kExact{0, 0};              // data that moves
inline constexpr Tolerance kRounding{4.8e-7, 1e-37};  // 4 ulp
// Sums of large terms that cancel, in f32: 4 ulp of the tensor's largest element, as the class gemm measures by |A|
// |B|.
inline constexpr Tolerance kCancelling{1.3e-6, 1e-5, 4.8e-7};

struct Row {
  std::function<std::vector<Value>(Args&)> build;
  Tolerance results = kCourt;    // of the results
  Tolerance gradients = kCourt;  // of the gradients
  std::string family = {};       // the table that it stands in
};

/// Rows by name; what is added must be new.
class Table {
 public:
  /// `build`: a function of Args that returns a Value or a list of them.
  template <typename F>
  void add(const std::string& name, F build, Tolerance results = kCourt, Tolerance gradients = kCourt) {
    insert(name, {listed(std::move(build)), results, gradients, family_});
  }
  /// A function of one tensor.
  void unary(const std::string& name, Value (*f)(Value), Tolerance results = kCourt) {
    add(
        name, [f](Args& a) { return f(a[0]); }, results);
  }
  /// A function of two operands, of which either may be a number.
  void binary(const std::string& name, Value (*f)(Value, Value), Tolerance results = kCourt) {
    add(
        name,
        [f](Args& a) {
          return f(a.real(0), a.real({1, "other"}));
        },
        results);
  }
  /// What the API has no words for, with the reason.
  void none(const std::string& name, const std::string& reason) {
    add(name, [reason](Args&) -> Value { unexpressed(reason); });
  }
  /// Where the rows stand that are added from now on.
  void begin(const std::string& family) { family_ = family; }
  /// Null: the op has no row.
  const Row* find(const std::string& name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nullptr : &found->second;
  }

 private:
  template <typename F>
  static std::function<std::vector<Value>(Args&)> listed(F build) {
    if constexpr (std::is_same_v<std::invoke_result_t<F&, Args&>, Value>)
      return [build](Args& a) { return std::vector<Value>{build(a)}; };
    else
      return build;
  }
  void insert(const std::string& name, Row row);

  std::string family_;
  std::map<std::string, Row> rows_;
};

// A file each.
void add_elementwise(Table& table);
void add_activations(Table& table);
void add_reductions(Table& table);
void add_linear(Table& table);
void add_shapes(Table& table);
void add_indexing(Table& table);
void add_convolutions(Table& table);
void add_pooling(Table& table);
void add_normalisation(Table& table);
void add_losses(Table& table);
void add_distances(Table& table);
void add_scans(Table& table);

Table all_tables();

}  // namespace lemnos::judges
