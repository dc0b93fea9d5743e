// The definition of an op: a plain struct of function pointers. For adding an op, inside Lemnos or in an application.
//
// A kernel launch is data: an op's `lower` returns Dispatch values and never calls Vulkan. So memory planning,
// barriers, fusion, printing and checking are ordinary functions over lists.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lemnos/device.h"
#include "lemnos/graph.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// Facts about a compute module, read from its SPIR-V. Barriers, checks and the kernel contract use them, so they
/// cannot disagree with the shader. Bindings are storage buffers of set 0; specialisation constants are counted from 0.
struct KernelInfo {
  uint32_t bindings = 0;
  uint32_t readable = 0;  // bit i: a block on binding i lacks NonReadable
  uint32_t writable = 0;  // bit i: a block on binding i lacks NonWritable
  uint32_t push_bytes = 0;
  uint32_t constants = 0;
  std::array<uint32_t, 32> constant_defaults{};
  std::array<uint32_t, 3> local_size{1, 1, 1};
  int local_size_constant = -1;             // the constant that sets local_size[0], or -1
  uint32_t shared_bytes = 0;                // of shared memory, with the constants at their defaults
  std::array<uint32_t, 16> capabilities{};  // SPIR-V's numbers, then zeros

  /// Whether the kernel may read the binding.
  bool reads(size_t binding) const { return (readable >> binding & 1) != 0; }
  /// Whether the kernel may write the binding.
  bool writes(size_t binding) const { return (writable >> binding & 1) != 0; }
  /// Whether the module declares a capability of SPIR-V.
  bool has_capability(uint32_t capability) const;
  bool operator==(const KernelInfo&) const = default;
};

/// One compiled compute shader.
struct Kernel {
  const char* name = "";
  std::span<const uint32_t> spirv;
  KernelInfo info;
};

/// An application's own kernel, from its SPIR-V words. Name and words must outlive it. Throws `corrupt_data` for words
/// that are not a module, `unsupported` for a module that needs more than a kernel may use.
Kernel make_kernel(const char* name, std::span<const uint32_t> spirv);

/// Up to 128 bytes of 32-bit words: push constants or specialisation constants, from the struct that the shader's
/// header declares for GLSL and C++.
class Words {
 public:
  static constexpr size_t kMax = 32;
  Words() = default;
  template <typename Struct>
  requires(std::is_trivially_copyable_v<Struct>&& std::is_class_v<Struct> && sizeof(Struct) <= 4 * kMax &&
           sizeof(Struct) % 4 == 0) Words(const Struct& value)
      : count_(sizeof(Struct) / 4) {
    std::memcpy(words_.data(), &value, sizeof(Struct));
  }
  /// As 32-bit words.
  std::span<const uint32_t> span() const { return {words_.data(), count_}; }
  /// Their size.
  size_t bytes() const { return count_ * 4; }
  bool operator==(const Words& o) const { return count_ == o.count_ && words_ == o.words_; }

 private:
  std::array<uint32_t, kMax> words_{};
  uint32_t count_ = 0;
};

/// A range of a value's memory, or of scratch memory that a node requested.
struct TensorRef {
  int value = -1;       // value id; or, when scratch is not -1, unused
  int scratch = -1;     // index into the node's scratch requests
  uint64_t offset = 0;  // bytes
  uint64_t bytes = 0;
};

/// The minimum cost of a launch: the roofline that its time is compared with.
struct Cost {
  uint64_t bytes = 0;  // moved to and from memory
  uint64_t flops = 0;
};

/// A launch as data: kernel, tensors, constants, workgroups, cost.
struct Dispatch {
  const Kernel* kernel = nullptr;
  std::vector<TensorRef> tensors;  // in binding order
  Words spec;                      // specialisation constants 0..n-1
  Words params;                    // push constants
  uint64_t groups = 1;             // workgroups; a kernel reads its index with workgroup_index()
  Cost cost;
  uint32_t subgroup_size = 0;  // required size, or 0 for any
};

/// The argument of `infer`.
struct Infer {
  const OpDef& op;
  std::span<const TensorDesc> in;
  const Attrs& given;

  /// The attributes as the op's struct; Grad, Lower and Reference have the same function. Each call decodes them.
  template <Fields T>
  T attrs() const {
    return given.as<T>();
  }
};

/// The argument of `grad`: the node's values and the gradients of its outputs. `dy(i)` is empty if no gradient reaches
/// output i; `needs(i)` tells whether the gradient of input i is needed.
struct Grad {
  Graph& graph;
  int node;
  std::span<const Value> output_gradients;
  const std::vector<bool>& wanted;

  /// The node whose gradient is asked for.
  const Node& self() const { return graph.nodes()[static_cast<size_t>(node)]; }
  /// Its attributes.
  template <Fields T>
  T attrs() const {
    return self().attrs.as<T>();
  }
  /// Its input i.
  Value in(size_t i) const { return {&graph, self().inputs[i]}; }
  /// The number of its inputs.
  size_t inputs() const { return self().inputs.size(); }
  /// Its output i.
  Value out(size_t i = 0) const { return {&graph, self().outputs[i]}; }
  /// The gradient of the loss for output i; empty where there is none.
  Value dy(size_t i = 0) const { return output_gradients[i]; }
  /// Whether the gradient for input i is wanted.
  bool needs(size_t i) const { return wanted[i]; }
};

/// Part of a node, along the first axis: of every output, and of the inputs whose bit is set.
struct RowWindow {
  int64_t begin = 0, end = 0;
  uint32_t inputs = 0;
};

/// The argument of `lower`: a node, or a window of its rows that is treated as the whole.
class Lower {
 public:
  Lower(const Graph& graph, const Node& node, const DeviceCaps& device_caps, const Kernel* (*find)(std::string_view),
        std::string_view forced);
  Lower(const Lower& whole, const RowWindow& window);

  const DeviceCaps& caps;
  /// The node that is lowered.
  const Node& node() const { return node_; }
  /// Its attributes.
  template <Fields T>
  T attrs() const {
    return node_.attrs.as<T>();
  }
  /// The number of its inputs.
  size_t inputs() const { return inputs_.size(); }
  /// The number of its outputs.
  size_t outputs() const { return outputs_.size(); }
  /// Type and shape of input i.
  const TensorDesc& in(size_t i) const { return inputs_[i].desc; }
  /// Type and shape of output i.
  const TensorDesc& out(size_t i = 0) const { return outputs_[i].desc; }
  /// The whole memory of input i, or of output i.
  TensorRef x(size_t i) const { return inputs_[i].ref; }
  /// Output i, for a dispatch.
  TensorRef y(size_t i = 0) const { return outputs_[i].ref; }
  /// `bytes` of memory that live only during this node's dispatches.
  TensorRef scratch(uint64_t bytes);
  /// The embedded kernel of that name. Throws `unsupported` if this build does not have it (an old glslang cannot
  /// compile some).
  const Kernel& kernel(std::string_view name) const;
  /// Whether this build has the kernel.
  bool has_kernel(std::string_view name) const { return find_(name) != nullptr; }
  /// Whether input i is computed directly in the output's memory (OpDef::places).
  bool is_placed(size_t i) const { return i < placed_.size() && placed_[i]; }
  /// Says which outputs lie in the gradient arena; called by the planner.
  void set_placed(std::vector<bool> placed) { placed_ = std::move(placed); }
  /// Chooses the first variant of the node's op that accepts, or the one that a test forces. Throws `unsupported` with
  /// every refusal when none accepts.
  const char* variant() const;
  /// True while a test forces a variant. A variant then refuses only what is impossible, not what is slower.
  bool forced() const { return !forced_.empty(); }

  /// The scratch tensors that were asked for.
  std::span<const uint64_t> scratch_bytes() const { return scratch_bytes_; }

 private:
  struct Operand {
    TensorDesc desc;
    TensorRef ref;
  };
  static void cut(Operand& operand, const RowWindow& window);

  const Node& node_;
  const Kernel* (*find_)(std::string_view);
  std::string_view forced_;
  std::vector<Operand> inputs_, outputs_;
  std::vector<uint64_t> scratch_bytes_;
  std::vector<bool> placed_;
};

/// The argument of a reference: plain arrays of doubles. Results are rounded to the output's dtype afterwards. If the
/// op updates an input in place, the output's array is the input's.
struct Reference {
  const Node& node;
  std::vector<TensorDesc> in_desc;
  std::vector<TensorDesc> out_desc;
  std::vector<std::span<const double>> in;
  std::vector<std::span<double>> out;

  /// The node's attributes.
  template <Fields T>
  T attrs() const {
    return node.attrs.as<T>();
  }
  /// The shape of input i.
  const Shape& in_shape(size_t i) const { return in_desc[i].shape; }
  /// The shape of output i.
  const Shape& out_shape(size_t i = 0) const { return out_desc[i].shape; }
};

/// Output `output` shares the memory of input `input`.
struct Alias {
  uint8_t output;
  uint8_t input;
};

/// An input that is a part of output 0. It may be computed there directly; then nothing is copied.
struct PlacedInput {
  size_t input = 0;
  int64_t offset = 0;  // elements from the start of output 0
};

/// One implementation of an op. `refuse` returns why the device or the shape does not support it; null or an empty
/// string accepts. The list is ordered, best first; the last variant of an op accepts everything.
struct Variant {
  const char* name;
  std::string (*refuse)(const Lower&) = nullptr;
};

/// The meaning of a node that computes gradients, for second derivatives: output i of the node is the gradient of `y`
/// for x[i], given the gradients `dy` of `y`; empty where output i is not a gradient. `x` and `dy` are inputs of the
/// node, `y` is computed again from them by ops that have gradients.
struct Primal {
  std::vector<Value> y, dy, x;
};

/// The definition of an op: shapes, gradient, launches, reference.
struct OpDef {
  const char* name;
  std::vector<TensorDesc> (*infer)(const Infer&);
  /// One gradient per input (empty where there is none). Null: not differentiable.
  std::vector<Value> (*grad)(Grad&) = nullptr;
  std::vector<Dispatch> (*lower)(Lower&) = nullptr;
  void (*reference)(const Reference&) = nullptr;

  AttrSchema attrs = {};  // adding a node with an undeclared attribute is an error
  std::span<const Variant> variants = {};
  /// Outputs that update an input: the op writes persistent memory and belongs to the end of the step.
  std::span<const Alias> updates = {};
  /// Outputs that are views of an input: they share its memory, and nothing is launched.
  std::span<const Alias> views = {};
  /// Outputs that may reuse the memory of an input of the same desc whose lifetime ends here. Allowed if there is one
  /// launch in which every invocation reads only its own elements, once, before it writes them (elementwise ops).
  std::span<const Alias> inplace = {};
  /// The outputs of a fused node, composed of smaller ops, which define it. Empty or null: `reference` defines the
  /// node.
  std::vector<Value> (*decompose)(Graph&, const Node&) = nullptr;
  /// The inputs (one bit each) whose first axis corresponds to that of every output, row by row; 0 for none. A tensor
  /// that a device cannot bind whole is then computed in slices. Null: such a tensor is refused, with the limit.
  uint32_t (*by_rows)(const Lower&) = nullptr;
  /// The exclusive limit of the indices in input `input`, or -1 if that input contains no indices; a negative index
  /// means "none". Null: the op takes no indices. A kernel must not access memory through an index past the limit;
  /// metrics::IndexWatch counts such indices.
  int64_t (*index_limit)(const Infer&, size_t input) = nullptr;
  /// The inputs that output 0 contains unchanged. Null: none.
  std::vector<PlacedInput> (*places)(const Node&) = nullptr;
  /// For an op whose outputs are gradients: all of them, or all but the first if there is a `grad` too (a loss with its
  /// gradient), which then handles the first only. An input that occurs twice in the node occurs here twice. Null: the
  /// op's `grad` handles every output.
  Primal (*primal)(Graph&, const Node&) = nullptr;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
