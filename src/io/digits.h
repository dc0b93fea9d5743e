// Drawn digits: an unlimited data set of 28 x 28 digits that resemble handwriting, generated here, so that everything
// runs offline.
#pragma once

#include <cstdint>

#include "io/image_set.h"

namespace lemnos::io {

/// `count` images of the digits 0 to 9 in random order. Each is a few strokes whose control points are jittered,
/// turned, scaled, sheared, shifted and drawn with a pen of random width, with a little noise. Image i depends on
/// (seed, i) alone: the bytes are equal on every machine, for any number of threads, and a longer set begins with the
/// shorter one.
ImageSet make_digits(int64_t count, uint64_t seed);

/// A training and a test set of the same distribution from different seeds; no image is in both.
ImageSplit digits(int64_t train_count = 20000, int64_t test_count = 4000, uint64_t seed = 1);

}  // namespace lemnos::io
