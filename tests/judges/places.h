// Elements by their places, and what is built of them: gather, borders, largest elements, running results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "judges/helpers.h"

namespace lemnos::judges {

/// All elements in a row.
Value flat(Value x);
/// Where x[.., index[i..], ..] stands in x counted row by row: `index` replaces the coordinate along `dim`.
Value places(Value x, int64_t dim, Value index);
/// The elements there.
Value gathered(Value x, int64_t dim, Value index);
/// The places that a border of a kind ("reflect", "replicate", "circular") reads, by coordinates that may lie outside
/// of [0, extent).
Axes border(const std::string& kind, int64_t extent, int64_t before, int64_t after);
/// The largest k along an axis (or the smallest) and where they stand, one after the other: each is taken out before
/// the next is looked for.
std::vector<Value> extremes(Value given, int64_t dim, int64_t k, bool largest);

/// The results of every iteration over the rows of x along `axis`, and the last.
struct Scanned {
  Value all, last;
};
Scanned scan(Value x, size_t axis, float first, Value (*step)(Value carried, Value row));

}  // namespace lemnos::judges
