// Augmentation as layers over images x[B, C, H, W]. During training each layer changes every image of every step
// differently, on the device. In evaluation it does nothing. The random numbers depend on the step, so runs repeat bit
// by bit.
#pragma once

#include "lemnos/nn.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::nn {

/// Mirrors an image with probability 1/2, left to right and top to bottom.
struct RandomFlip {
  static constexpr const char* kKind = "random_flip";
  bool horizontal = true, vertical = false;
  void visit(auto&& f) { f("horizontal", horizontal), f("vertical", vertical); }
  Value operator()(const Scope& scope, Value x) const;
};

/// Shifts an image by whole pixels, up to `padding` along each axis; new pixels are 0. (Zero padding and a crop back to
/// the size.)
struct RandomCrop {
  static constexpr const char* kKind = "random_crop";
  int64_t padding = 4;
  void visit(auto&& f) { f("padding", padding); }
  Value operator()(const Scope& scope, Value x) const;
};

/// Rotates by up to +-`degrees`, scales by up to 1 +- `scale`, shifts by up to `translate` of the extents. Sampled
/// bilinearly, 0 outside.
struct RandomAffine {
  static constexpr const char* kKind = "random_affine";
  float degrees = 10;  // below 180
  float scale = .1f;
  float translate = .1f;
  void visit(auto&& f) { f("degrees", degrees), f("scale", scale), f("translate", translate); }
  Value operator()(const Scope& scope, Value x) const;
};

/// x + U(-range, range), one number for each image.
struct RandomBrightness {
  static constexpr const char* kKind = "random_brightness";
  float range = .1f;
  void visit(auto&& f) { f("range", range); }
  Value operator()(const Scope& scope, Value x) const;
};

/// mean + (x - mean) U(1 - range, 1 + range), with the mean of the picture and one number for each image.
struct RandomContrast {
  static constexpr const char* kKind = "random_contrast";
  float range = .1f;
  void visit(auto&& f) { f("range", range); }
  Value operator()(const Scope& scope, Value x) const;
};

/// Sets a square of `size` pixels around a random position to zero; part of it may be outside. (DeVries and Taylor,
/// 2017.)
struct Cutout {
  static constexpr const char* kKind = "cutout";
  int64_t size = 8;
  void visit(auto&& f) { f("size", size); }
  Value operator()(const Scope& scope, Value x) const;
};

}  // namespace lemnos::nn

LEMNOS_END_PUBLIC
