// What a row of the tables is given: the arguments of one call, by position or by name, with PyTorch's defaults.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "judges/arrays.h"
#include "lemnos/graph.h"

namespace lemnos::judges {

using Json = nlohmann::json;

/// What the public API cannot say, with the reason. Such a call is counted by it, never as right.
class Unexpressed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
[[noreturn]] inline void unexpressed(const std::string& reason) { throw Unexpressed(reason); }
inline void express_if(bool can, const std::string& reason) {
  if (!can) unexpressed(reason);
}

/// An argument that PyTorch takes by position or by name. `{1, "dim"}`, `{"alpha"}` for a name alone, `1` for a place.
struct Where {
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();
  Where(int at) : position(static_cast<size_t>(at)) {}
  Where(const char* word) : name(word) {}
  Where(int at, const char* word) : position(static_cast<size_t>(at)), name(word) {}
  size_t position = kNowhere;
  const char* name = "";
};

class Args {
 public:
  /// Floating tensors are cast to `dtype` before an op reads them.
  Args(Graph& graph, const Json& call, const Arrays& arrays, DType dtype = DType::f32);

  Graph& graph() const { return graph_; }
  /// Given, and not None.
  bool has(Where where) { return find(where) != nullptr; }
  bool is_tensor(Where where);

  /// A tensor as it is (I64 as i32; Unexpressed where a number is past it).
  Value tensor(Where where);
  Value operator[](int position) { return tensor(position); }
  /// The same, "no value" where it is not given.
  Value tensor_or_none(Where where);
  /// A tensor or a number, as f32: PyTorch promotes integers beside floats.
  Value real(Where where);
  std::vector<Value> tensors(Where where);
  /// Its numbers, for what must be known when the graph is built.
  const Array& array(Where where);

  double number(Where where);
  double number(Where where, double otherwise) { return has(where) ? number(where) : otherwise; }
  float real_number(Where where, double otherwise) { return static_cast<float>(number(where, otherwise)); }
  int64_t integer(Where where) { return static_cast<int64_t>(number(where)); }
  int64_t integer(Where where, int64_t otherwise) { return has(where) ? integer(where) : otherwise; }
  bool flag(Where where, bool otherwise);
  std::string word(Where where, const std::string& otherwise = {});
  /// A list, or one number as a list of one.
  std::vector<int64_t> list(Where where);
  std::vector<int64_t> list(Where where, std::vector<int64_t> otherwise) {
    return has(where) ? list(where) : std::move(otherwise);
  }
  /// A list of `count` where one number stands for all; -1 for a None among them.
  std::vector<int64_t> extents(Where where, size_t count, int64_t otherwise);
  const Json& json(Where where);

  /// An argument without influence on the numbers (`inplace`), or that is true of Lemnos anyway.
  void ignore(Where where) { (void)find(where); }
  /// Unexpressed where the row has not looked at an argument.
  void require_all_read() const;

  const std::map<std::string, Value>& inputs() const { return inputs_; }

 private:
  const Json* find(Where where);
  Value input(const Json& tensor);

  Graph& graph_;
  const Json& call_;
  const Arrays& arrays_;
  DType dtype_;
  std::set<size_t> positions_read_;
  std::set<std::string> names_read_;
  std::map<std::string, Value> inputs_, read_;  // by the tensor's name in the file: as given, and as ops read it
};

}  // namespace lemnos::judges
