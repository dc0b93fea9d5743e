#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(broadcast_to) {
  struct Pair {
    Shape from, to;
  };
  const Pair pairs[] = {{{1}, {1}},
                        {{}, {7}},
                        {{1}, {29, 37}},
                        {{37}, {29, 37}},
                        {{36}, {29, 36}},
                        {{29, 1}, {29, 37}},
                        {{29, 1}, {29, 40}},
                        {{3, 1, 5}, {3, 7, 5}},
                        {{3, 1, 8}, {3, 7, 8}},
                        {{1, 11, 1}, {7, 11, 41}},
                        {{2, 1, 3, 1, 5}, {2, 7, 3, 2, 5}},
                        {{2, 1, 4}, {3, 2, 5, 4}},
                        {{113, 1}, {113, 89}},
                        {{1023}, {64, 1023}},
                        {{512}, {512, 512}}};
  for (const Pair& p : pairs)
    cases.add({.op = "broadcast_to",
               .inputs = {{.shape = p.from, .fill = integers(-9, 9)}},
               .attrs = {{"shape", Attrs::AttrValue(p.to)}},
               .tolerance = exact(),
               .backward_tolerance = summation(p.to.elements() / p.from.elements()),
               .dtypes = kHalf,
               .degenerate = p.from.elements() == 1 ? "one element everywhere" : ""});
  for (const DType dtype : {DType::i32, DType::u8, DType::boolean})
    for (const Pair& p : pairs)
      cases.add({.op = "broadcast_to",
                 .inputs = {{.shape = p.from, .fill = integers(0, 1), .dtype = dtype, .differentiable = false}},
                 .attrs = {{"shape", Attrs::AttrValue(p.to)}},
                 .tolerance = exact(),
                 .backward = false,
                 .degenerate = "of zeros and ones"});

  // More axes than a kernel walks: in several steps, on every backend alike.
  const Shape odd{2, 1, 3, 1, 2, 1, 3, 1}, even{1, 3, 1, 2, 1, 2, 1, 2}, all{2, 3, 3, 2, 2, 2, 3, 2};
  const auto add = [&](const char* op, std::vector<Shape> shapes, Build build, Tolerance tolerance = rounding()) {
    Case c{.op = op, .tolerance = tolerance, .build = std::move(build)};
    c.backward_tolerance = summation(432);
    if (c.op == "slice") c.degenerate = "most has no gradient";
    for (const Shape& shape : shapes) c.inputs.push_back({.shape = shape});
    cases.add(c);
  };
  using Values = std::vector<Value>;
  add("add", {odd, even}, [](Graph&, const Values& in) -> Values { return {in[0] + in[1]}; });
  add("where", {odd, even, all}, [](Graph&, const Values& in) -> Values {
    return {where(greater(in[0], zeros(in[0].graph(), {})), in[1], in[2])};
  });
  add("broadcast_to", {odd}, [all](Graph&, const Values& in) -> Values { return {broadcast_to(in[0], all)}; });
  add("broadcast_to", {{3, 1, 2, 1, 2, 1}}, [](Graph&, const Values& in) -> Values {
    return {broadcast_to(in[0], {2, 2, 3, 3, 2, 2, 2, 2})};
  });
  for (const std::vector<int64_t>& order : {std::vector<int64_t>{7, 6, 5, 4, 3, 2, 1, 0},
                                            {1, 3, 5, 7, 0, 2, 4, 6},
                                            {0, 2, 1, 4, 3, 6, 5, 7},
                                            {2, 0, 6, 4, 7, 5, 3, 1}})
    add("transpose", {all}, [order](Graph&, const Values& in) -> Values { return {permute(in[0], order)}; });
  add("slice", {{3, 3, 3, 3, 3, 3, 3, 2}}, [](Graph&, const Values& in) -> Values {
    return {slice(in[0], {0, 1, 0, 1, 0, 1, 1, 0}, {2, 3, 2, 3, 2, 3, 2, 1})};
  });
  add("pad", {{2, 1, 2, 1, 2, 1, 2, 1}}, [](Graph&, const Values& in) -> Values {
    return {pad(in[0], {1, 0, 1, 1, 0, 1, 0, 1}, {0, 1, 0, 0, 1, 0, 1, 1}, .5f)};
  });
  add(
      "matmul", {{2, 1, 3, 1, 2, 1, 4, 5}, {1, 3, 1, 2, 1, 3, 5, 2}},
      [](Graph&, const Values& in) -> Values { return {matmul(in[0], in[1])}; }, gemm(5));
}
