// Initialisers: the start values of a parameter, equal on every machine and backend for a seed.
//
// fan_in and fan_out are the number of inputs and outputs of a unit: for weight[out, in, ...kernel], in * kernel and
// out * kernel. "normal" means a mean of 0 unless said otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// How a parameter is drawn.
struct Init {
  /// The distributions; fan_in and fan_out are the numbers of inputs and outputs of a unit.
  enum class Kind : uint8_t {
    constant,
    uniform,           // [a, b)
    normal,            // mean a, deviation b
    truncated_normal,  // mean a, deviation b, redrawn outside of a +- 2 b
    xavier_uniform,    // +-a sqrt(6 / (fan_in + fan_out)), gain a
    xavier_normal,     // deviation a sqrt(2 / (fan_in + fan_out))
    he_uniform,        // +-sqrt(6 / ((1 + a^2) fan_in)), a: negative slope of a leaky ReLU
    he_normal,         // deviation sqrt(2 / ((1 + a^2) fan_in))
    lecun_uniform,     // +-sqrt(3 / fan_in)
    lecun_normal,      // deviation sqrt(1 / fan_in)
    linear_default,    // +-1 / sqrt(fan_in): what PyTorch gives the weight and the bias of a Linear or Conv
    orthogonal,        // rows or columns orthonormal, times gain a
    identity,          // ones where all indices agree, over the first two axes
  };
  Kind kind = Kind::linear_default;
  double a = 0;
  double b = 0;
  bool fan_out = false;  // he_*: keep the variance of the backward pass instead of the forward one

  void visit(auto&& f) { f("kind", kind), f("a", a), f("b", b), f("fan_out", fan_out); }

  /// All 0.
  static Init zeros() { return {Kind::constant, 0, 0}; }
  /// All 1.
  static Init ones() { return {Kind::constant, 1, 0}; }
  /// All `value`.
  static Init constant(double value) { return {Kind::constant, value, 0}; }
  /// Uniform in [low, high).
  static Init uniform(double low, double high) { return {Kind::uniform, low, high}; }
  /// Normal with this deviation and mean.
  static Init normal(double deviation, double mean = 0) { return {Kind::normal, mean, deviation}; }
  /// Normal, drawn again beyond two deviations.
  static Init truncated_normal(double deviation, double mean = 0) { return {Kind::truncated_normal, mean, deviation}; }
  /// Glorot and Bengio, 2010.
  static Init xavier_uniform(double gain = 1) { return {Kind::xavier_uniform, gain, 0}; }
  /// Glorot and Bengio, 2010.
  static Init xavier_normal(double gain = 1) { return {Kind::xavier_normal, gain, 0}; }
  /// He et al., 2015, before a ReLU of that negative slope.
  static Init he_uniform(double slope = 0, bool fan_out = false) { return {Kind::he_uniform, slope, 0, fan_out}; }
  /// He et al., 2015, before a ReLU of that negative slope.
  static Init he_normal(double slope = 0, bool fan_out = false) { return {Kind::he_normal, slope, 0, fan_out}; }
  /// LeCun et al., 1998.
  static Init lecun_uniform() { return {Kind::lecun_uniform, 0, 0}; }
  /// LeCun et al., 1998.
  static Init lecun_normal() { return {Kind::lecun_normal, 0, 0}; }
  /// What PyTorch's Linear and Conv layers start with.
  static Init linear_default() { return {}; }
  /// Saxe et al., 2014: the rows or the columns are orthonormal, times the gain.
  static Init orthogonal(double gain = 1) { return {Kind::orthogonal, gain, 0}; }
  /// 1 on the diagonal, else 0.
  static Init identity() { return {Kind::identity, 0, 0}; }
};

/// "constant", "uniform", ..: the words for Init::Kind.
std::span<const char* const> words_of(Init::Kind);

/// The values for `shape` from `seed` and `stream` (a different one for each parameter). `fan_in` is needed where the
/// shape does not determine it (a bias has that of its weight); 0: from the shape. Throws `invalid_argument` for an
/// initialiser that the shape does not fit (orthogonal and identity need two axes).
std::vector<float> initial_values(const Init& init, const Shape& shape, uint64_t seed, uint64_t stream,
                                  int64_t fan_in = 0);

}  // namespace lemnos

LEMNOS_END_PUBLIC
