// einsum: sums of products by names of axes. Operands are joined from left to right, two at a time; of two, axes that
// both have are the batch of a matrix product where something later needs them, and summed by it where nothing does.

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/text.h"
#include "lemnos/ops.h"
#include "ops/constants.h"

namespace lemnos {

namespace {

// Letters as themselves; the axes under "..." as -1 (the last), -2, ..
using AxisNames = std::vector<int>;

struct EinsumTerm {
  Value x;
  AxisNames names;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
std::string named_axis(int name) {
  return name > 0 ? std::string("'") + static_cast<char>(name) + "'" : "an axis under '...'";
}
bool has_name(const AxisNames& names, int name) { return std::ranges::find(names, name) != names.end(); }
std::vector<int64_t> extents_of(const EinsumTerm& t, const AxisNames& names) {
  std::vector<int64_t> extents;
  for (const int name : names)
    extents.push_back(t.x.shape()[static_cast<size_t>(std::ranges::find(t.names, name) - t.names.begin())]);
  return extents;
}
int64_t product_of(const std::vector<int64_t>& extents) {
  int64_t product = 1;
  for (const int64_t e : extents) product *= e;
  return product;
}

// The names in `text`, where "..." stands for `rest` axes; none if it has no "...".
AxisNames parsed_names(std::string_view equation, std::string_view text, std::optional<size_t> rest) {
  AxisNames names;
  bool dots = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_letter(text[i])) {
      names.push_back(text[i]);
      continue;
    }
    require(text.substr(i, 3) == "..." && !dots, ErrorCode::invalid_argument, "einsum: '", std::string(1, text[i]),
            "' in '", equation, "', it takes letters and one '...' an operand");
    dots = true;
    for (size_t k = rest.value_or(0); k-- > 0;) names.push_back(-1 - static_cast<int>(k));
    i += 2;
  }
  return names;
}
size_t letters_in(std::string_view text) { return static_cast<size_t>(std::ranges::count_if(text, is_letter)); }

// A name that occurs twice: the diagonal of its axes.
EinsumTerm without_repeats(EinsumTerm t) {
  for (size_t i = 0; i < t.names.size(); ++i)
    for (size_t k = i + 1; k < t.names.size(); ++k) {
      if (t.names[i] != t.names[k]) continue;
      const Shape s = t.x.shape();
      const int64_t extent = std::max(s[i], s[k]);
      require((s[i] == extent || s[i] == 1) && (s[k] == extent || s[k] == 1), ErrorCode::shape_mismatch,
              "einsum: axis ", named_axis(t.names[i]), " has ", s[i], " and ", s[k], " in ", t.x.desc());
      if (s[i] != s[k]) t.x = broadcast_to(t.x, s.with(i, extent).with(k, extent));
      std::vector<int64_t> order, dims;
      for (size_t a = 0; a < s.rank(); ++a)
        if (a != i && a != k) order.push_back(static_cast<int64_t>(a)), dims.push_back(s[a]);
      order.insert(order.begin(), {static_cast<int64_t>(i), static_cast<int64_t>(k)});
      dims.insert(dims.begin(), extent * extent);
      std::vector<int32_t> places;
      for (int64_t d = 0; d < extent; ++d) places.push_back(static_cast<int32_t>(d * (extent + 1)));
      t.x = gather(reshape(permute(t.x, order), Shape(dims)), ops::whole_numbers(t.x.graph(), Shape{extent}, places));
      const int name = t.names[i];
      t.names.erase(t.names.begin() + static_cast<std::ptrdiff_t>(k));
      t.names.erase(t.names.begin() + static_cast<std::ptrdiff_t>(i));
      t.names.insert(t.names.begin(), name);
      return without_repeats(t);
    }
  return t;
}

// Sums over what nothing later needs.
EinsumTerm summed_term(EinsumTerm t, const AxisNames& needed) {
  std::vector<int64_t> axes;
  AxisNames left;
  for (size_t i = 0; i < t.names.size(); ++i) {
    if (has_name(needed, t.names[i]))
      left.push_back(t.names[i]);
    else
      axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.empty()) return t;
  return {sum(t.x, axes), left};
}

// Axes of extent 1 that the other operand has longer are not there: so they broadcast.
EinsumTerm without_ones(EinsumTerm t, const EinsumTerm& other) {
  AxisNames left;
  for (size_t i = 0; i < t.names.size(); ++i) {
    const bool one =
        t.x.shape()[i] == 1 && has_name(other.names, t.names[i]) && extents_of(other, {t.names[i]})[0] != 1;
    if (!one) left.push_back(t.names[i]);
  }
  return {reshape(t.x, Shape(extents_of(t, left))), left};
}

Value in_order(const EinsumTerm& t, const AxisNames& names) {
  std::vector<int64_t> order;
  for (const int name : names) order.push_back(std::ranges::find(t.names, name) - t.names.begin());
  return std::ranges::is_sorted(order) ? t.x : permute(t.x, order);
}

EinsumTerm joined_terms(EinsumTerm a, EinsumTerm b, const AxisNames& needed) {
  a = without_ones(a, b);
  b = without_ones(b, a);
  AxisNames keep = needed, both, inner, left, right;
  keep.insert(keep.end(), b.names.begin(), b.names.end());
  a = summed_term(a, keep);
  keep = needed;
  keep.insert(keep.end(), a.names.begin(), a.names.end());
  b = summed_term(b, keep);
  for (const int name : a.names)
    (!has_name(b.names, name) ? left : has_name(needed, name) ? both : inner).push_back(name);
  for (const int name : b.names)
    if (!has_name(a.names, name)) right.push_back(name);
  const auto joined_names = [](AxisNames first, const AxisNames& second, const AxisNames& third = {}) {
    first.insert(first.end(), second.begin(), second.end());
    first.insert(first.end(), third.begin(), third.end());
    return first;
  };
  const AxisNames names = joined_names(both, left, right);
  std::vector<int64_t> dims = extents_of(a, joined_names(both, left));
  for (const int64_t e : extents_of(b, right)) dims.push_back(e);
  const int64_t batch = product_of(extents_of(a, both)), depth = product_of(extents_of(a, inner));
  const int64_t rows = product_of(extents_of(a, left)), columns = product_of(extents_of(b, right));
  const Value x = reshape(in_order(a, joined_names(both, left, inner)), Shape{batch, rows, depth});
  const Value y = reshape(in_order(b, joined_names(both, right, inner)), Shape{batch, columns, depth});
  // A product of one term is no sum: elements are multiplied, with one rounding.
  const Value z = inner.empty() ? x * reshape(y, Shape{batch, 1, columns}) : matmul(x, y, {.transpose_b = true});
  return {reshape(z, Shape(dims)), names};
}

// "ij, jk -> ik" as its operands and its result; the result is empty without an arrow.
struct EinsumEquation {
  std::vector<std::string> operands = {""};
  std::optional<std::string> result;
};
EinsumEquation split_at_commas(std::string_view equation) {
  EinsumEquation e;
  for (size_t i = 0; i < equation.size(); ++i) {
    const char c = equation[i];
    if (c == ' ') continue;
    if (equation.substr(i, 2) == "->" && !e.result) {
      e.result = "";
      ++i;
    } else if (c == ',' && !e.result) {
      e.operands.emplace_back();
    } else {
      (e.result ? *e.result : e.operands.back()) += c;
    }
  }
  return e;
}

// Without an arrow: the axes of "...", then the names that occur once, in alphabetical order.
AxisNames implied_result(const std::vector<EinsumTerm>& terms, size_t rest) {
  AxisNames names;
  for (size_t k = rest; k-- > 0;) names.push_back(-1 - static_cast<int>(k));
  std::map<int, int> counts;
  for (const EinsumTerm& t : terms)
    for (const int name : t.names) ++counts[name];
  for (const auto& [name, count] : counts)
    if (name > 0 && count == 1) names.push_back(name);
  return names;
}

void require_extents_agree(std::string_view equation, const std::vector<EinsumTerm>& terms) {
  std::map<int, int64_t> known;
  for (const EinsumTerm& t : terms)
    for (size_t i = 0; i < t.names.size(); ++i) {
      int64_t& extent = known.emplace(t.names[i], 1).first->second;
      const int64_t here = t.x.shape()[i];
      require(extent == 1 || here == 1 || extent == here, ErrorCode::shape_mismatch, "einsum: axis ",
              named_axis(t.names[i]), " of '", equation, "' has ", extent, " and ", here);
      if (extent == 1) extent = here;
    }
}

}  // namespace

Value einsum(std::string_view equation, std::span<const Value> operands) {
  const EinsumEquation e = split_at_commas(equation);
  require(e.operands.size() == operands.size(), ErrorCode::invalid_argument, "einsum: '", equation, "' names ",
          e.operands.size(), " operands, it is given ", operands.size());
  std::vector<EinsumTerm> terms;
  size_t most_rest = 0;
  for (size_t i = 0; i < operands.size(); ++i) {
    const size_t letters = letters_in(e.operands[i]), rank = operands[i].shape().rank();
    const bool dots = e.operands[i].find('.') != std::string::npos;
    require(dots ? letters <= rank : letters == rank, ErrorCode::shape_mismatch, "einsum: '", e.operands[i], "' names ",
            letters, " axes, operand ", i, " is ", operands[i].desc());
    if (dots) most_rest = std::max(most_rest, rank - letters);
    terms.push_back({operands[i], parsed_names(equation, e.operands[i], rank - letters)});
  }
  AxisNames result = e.result ? parsed_names(equation, *e.result, most_rest) : implied_result(terms, most_rest);
  for (size_t i = 0; i < result.size(); ++i) {
    const bool known = std::ranges::any_of(terms, [&](const EinsumTerm& t) { return has_name(t.names, result[i]); });
    require(known && std::ranges::count(result, result[i]) == 1, ErrorCode::invalid_argument, "einsum: axis ",
            named_axis(result[i]), " of the result of '", equation,
            "' must stand in an operand, and once in the result");
  }
  require_extents_agree(equation, terms);
  for (EinsumTerm& t : terms) t = without_repeats(t);
  EinsumTerm all = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    AxisNames needed = result;
    for (size_t k = i + 1; k < terms.size(); ++k)
      needed.insert(needed.end(), terms[k].names.begin(), terms[k].names.end());
    all = joined_terms(all, terms[i], needed);
  }
  return in_order(summed_term(all, result), result);
}

}  // namespace lemnos
