// Loops: the same numbers as the iterations written out, forward, their gradients and second derivatives, on every
// device; and what is refused.
#include "lemnos/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "lemnos/autograd.h"
#include "lemnos/nn.h"
#include "lemnos/ops.h"
#include "tests/devices.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

using Floats = std::vector<float>;

Value made(Graph& graph, const Shape& shape, unsigned seed, float scale = .7f) {
  Floats values(static_cast<size_t>(shape.elements()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = scale * std::sin(static_cast<float>(37 * seed + 1) + 2.3f * static_cast<float>(i));
  return graph.constant(shape, values);
}

std::vector<Floats> values_of(const Device& device, const std::vector<Value>& values) {
  const auto session = device.open(values[0].graph());
  const auto program = session->compile({.targets = values});
  EXPECT_EQ(program->run(1), Status::ok);
  std::vector<Floats> found;
  for (Value v : values) found.push_back(program->read_floats(v));
  return found;
}

void expect_near_loop(const std::vector<Floats>& found, const std::vector<Floats>& expected, float tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t k = 0; k < found.size(); ++k) {
    ASSERT_EQ(found[k].size(), expected[k].size()) << "value " << k;
    for (size_t i = 0; i < found[k].size(); ++i)
      ASSERT_NEAR(found[k][i], expected[k][i], tolerance) << "value " << k << ", element " << i;
  }
}

/// Two values carried, a tensor sliced, a weight and a bias captured; everything feeds everything.
struct Cell {
  Value h, c, y;
};
Cell cell(Value h, Value c, Value x, Value w, Value b) {
  const Value sums = linear(h, w, b) + x;
  const Value next = .5f * c + tanh(sums) * sigmoid(x);
  return {tanh(next) + .1f * h, next, square(next) * c};
}

struct Case {
  int64_t times, batch, units;
  bool backward;
  bool keep_h;  // stacked as well as carried
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.times << "x" << c.batch << "x" << c.units << (c.backward ? " backward" : "") << (c.keep_h ? " kept" : "");
}

class Loops : public testing::TestWithParam<Case> {
 protected:
  Loops() {
    const Case& p = GetParam();
    h = made(graph, {p.batch, p.units}, 1);
    c = made(graph, {p.batch, p.units}, 2);
    x = made(graph, {p.times, p.batch, p.units}, 3);
    w = made(graph, {p.units, p.units}, 4, .4f);
    b = made(graph, {p.units}, 5);
  }
  // A number that depends on everything that comes out of a loop.
  static Value loss_of(Value last_h, Value last_c, Value ys, Value hs) {
    Value loss = sum(square(last_h)) + sum(last_c * tanh(last_h)) + sum(ys * .3f);
    return hs ? loss + sum(square(hs) * .2f) : loss;
  }
  Value in_a_loop() {
    const Case& p = GetParam();
    const LoopResults r = repeat(p.times, {h, c}, {x},
                                 [&](LoopBody& body) {
                                   const Cell made = cell(body.carried(0), body.carried(1), body.slice(),
                                                          body.capture(w), body.capture(b));
                                   LoopStep step{{made.h, made.c}, {made.y}};
                                   if (p.keep_h) step.stacked.push_back(made.h);
                                   return step;
                                 },
                                 {.backward = p.backward});
    return loss_of(r.carried[0], r.carried[1], r.stacked[0], p.keep_h ? r.stacked[1] : Value());
  }
  Value written_out() {
    const Case& p = GetParam();
    Cell now{h, c, {}};
    std::vector<Value> ys(static_cast<size_t>(p.times)), hs(ys);
    for (int64_t i = 0; i < p.times; ++i) {
      const int64_t row = p.backward ? p.times - 1 - i : i;
      now = cell(now.h, now.c, reshape(slice_axis(x, 0, row, row + 1), Shape{p.batch, p.units}), w, b);
      ys[static_cast<size_t>(row)] = now.y;
      hs[static_cast<size_t>(row)] = now.h;
    }
    return loss_of(now.h, now.c, stack(ys), p.keep_h ? stack(hs) : Value());
  }
  // The loss, its gradients, and the gradients of their squares' sum.
  std::vector<Value> wanted(Value loss) {
    const std::vector<Value> wrt{h, c, x, w, b};
    std::vector<Value> all{loss};
    const std::vector<Value> first = gradients(loss, wrt);
    all.insert(all.end(), first.begin(), first.end());
    Value penalty = sum(square(first[0]));
    for (size_t i = 1; i < first.size(); ++i) penalty = penalty + sum(square(first[i])) * .1f;
    const std::vector<Value> second = gradients(penalty, wrt);
    all.insert(all.end(), second.begin(), second.end());
    return all;
  }

  Graph graph;
  Value h, c, x, w, b;
};

TEST_P(Loops, AreTheIterationsWrittenOut) {
  const std::vector<Value> loop = wanted(in_a_loop()), reference = wanted(written_out());
  for (Value v : loop) ASSERT_TRUE(v);
  const std::vector<Floats> expected = values_of(Device::cpu(), reference);
  for (const Device& device : devices()) {
    SCOPED_TRACE(device.info().name);
    const std::vector<Floats> found = values_of(device, loop);
    float largest = 1;
    for (const Floats& values : expected)
      for (float v : values) largest = std::max(largest, std::abs(v));
    expect_near_loop(found, expected, 2e-5f * largest);
    EXPECT_EQ(found, values_of(device, loop)) << "a second run gives other bits";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Loops,
                         testing::Values(Case{1, 2, 3, false, false}, Case{1, 2, 3, true, true},
                                         Case{2, 3, 5, false, true}, Case{3, 1, 64, true, false},
                                         Case{5, 2, 7, false, false}, Case{5, 2, 7, true, true},
                                         Case{6, 4, 16, false, true}, Case{4, 4, 16, true, false}));

TEST(Loop, GradientOfOneOutputAloneAndOfNone) {
  Graph graph;
  const Value first = made(graph, {4}, 1), x = made(graph, {3, 4}, 2), unused = made(graph, {3, 4}, 3);
  const LoopResults r = repeat(3, {first}, {x, unused}, [](LoopBody& b) {
    return LoopStep{{b.carried() * b.slice(0)}, {b.carried() + b.slice(0)}};
  });
  const std::vector<Value> of_stacked =
      gradients(sum(slice_axis(r.stacked[0], 0, 1, 2)), std::vector{first, x, unused});
  EXPECT_FALSE(of_stacked[2]);
  // y[1] = first x[0] + x[1]
  const Floats f = eval(Device::cpu(), first), xs = eval(Device::cpu(), x);
  for (const Device& device : devices()) {
    const std::vector<Floats> found = values_of(device, {of_stacked[0], of_stacked[1]});
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(found[0][i], xs[i], 1e-6f);
      EXPECT_NEAR(found[1][i], f[i], 1e-6f);
      EXPECT_NEAR(found[1][4 + i], 1, 1e-6f);
      EXPECT_NEAR(found[1][8 + i], 0, 1e-6f);
    }
  }
}

TEST(Loop, CountsItsIterations) {
  for (const bool backward : {false, true}) {
    Graph graph;
    const LoopResults r = repeat(5, {zeros(graph, {1})}, {},
                                 [](LoopBody& b) {
                                   const Value number = cast(b.index(), DType::f32);
                                   return LoopStep{{b.carried() * 10.f + number}, {number}};
                                 },
                                 {.backward = backward});
    for (const Device& device : devices()) {
      const std::vector<Floats> found = values_of(device, {r.carried[0], r.stacked[0]});
      EXPECT_EQ(found[0], Floats{backward ? 43210.f : 1234.f});
      EXPECT_EQ(found[1], (Floats{0, 1, 2, 3, 4}));
    }
  }
}

TEST(Loop, DrawsOtherNumbersInEveryIterationAndStep) {
  Graph graph;
  const Value state = step_state(graph, 7);
  const LoopResults r = repeat(4, {zeros(graph, {8})}, {}, [&](LoopBody& b) {
    const Value noise = random_normal(b.step_state(state), {{8}, DType::f32});
    return LoopStep{{b.carried() + noise}, {noise}};
  });
  const Value closed = advance_step(state, {});
  std::vector<Floats> everywhere;
  for (const Device& device : devices()) {
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {r.stacked[0], closed}});
    std::vector<Floats> rows;
    for (int step = 0; step < 3; ++step) {
      ASSERT_EQ(program->run(1), Status::ok);
      const Floats all = program->read_floats(r.stacked[0]);
      for (size_t i = 0; i < 4; ++i) rows.emplace_back(all.begin() + 8 * i, all.begin() + 8 * (i + 1));
    }
    for (size_t a = 0; a < rows.size(); ++a)
      for (size_t b = 0; b < a; ++b) EXPECT_NE(rows[a], rows[b]) << a << " and " << b;
    if (everywhere.empty()) everywhere = rows;
    for (size_t i = 0; i < rows.size(); ++i)
      for (size_t k = 0; k < 8; ++k) EXPECT_NEAR(rows[i][k], everywhere[i][k], 1e-5f);
  }
}

// Greedy generation: the token that is made is the one that is read next.
TEST(Loop, CarriesIntegersAndSwapsWhatItCarries) {
  Graph graph;
  const std::vector<int32_t> start{1};
  const Value token = graph.constant({{1}, DType::i32}, std::as_bytes(std::span(start)));
  // Row i is largest at i + 2 modulo 5.
  Floats table(25, 0.f);
  for (size_t i = 0; i < 5; ++i) table[5 * i + (i + 2) % 5] = 1;
  const Value scores = graph.constant({5, 5}, table);
  const Value a = full(graph, {3}, 1), b = full(graph, {3}, 2);
  const LoopResults r = repeat(7, {token, a, b}, {}, [&](LoopBody& body) {
    const Value next = argmax(embedding(body.capture(scores), body.carried(0)), 1);
    return LoopStep{{next, body.carried(2), body.carried(1)}, {next}};
  });
  EXPECT_EQ(r.stacked[0].desc(), (TensorDesc{{7, 1}, DType::i32}));
  for (const Device& device : devices()) {
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {r.stacked[0], r.carried[0], r.carried[1]}});
    ASSERT_EQ(program->run(1), Status::ok);
    std::array<int32_t, 7> tokens{};
    program->read(r.stacked[0], std::as_writable_bytes(std::span(tokens)));
    EXPECT_EQ(tokens, (std::array<int32_t, 7>{3, 0, 2, 4, 1, 3, 0}));
    EXPECT_EQ(program->read_floats(r.carried[1]), (Floats{2, 2, 2}));
  }
}

// Steps of descent inside of a loss, and the gradient through them for where they began and how far they went.
TEST(Loop, TakesStepsOfDescentThatAreDifferentiated) {
  Graph graph;
  const Value w = made(graph, {3}, 1), x = made(graph, {4, 3}, 2), t = made(graph, {4}, 3);
  const Value rate = graph.constant({1}, Floats{.1f});
  const auto descended = [](Value now, Value in, Value target, Value step) {
    const Value loss = sum(square(sum(in * now, {1}) - target));
    return now - step * gradients(loss, std::vector{now})[0];
  };
  const Value looped = repeat(3, {w}, {}, [&](LoopBody& b) {
                         return LoopStep{{descended(b.carried(), b.capture(x), b.capture(t), b.capture(rate))}, {}};
                       }).carried[0];
  Value written = w;
  for (int i = 0; i < 3; ++i) written = descended(written, x, t, rate);
  const std::vector<Value> wrt{w, rate, x};
  std::vector<Value> found = gradients(sum(square(looped)), wrt), expected = gradients(sum(square(written)), wrt);
  found.push_back(looped);
  expected.push_back(written);
  const std::vector<Floats> right = values_of(Device::cpu(), expected);
  for (const Device& device : devices()) expect_near_loop(values_of(device, found), right, 1e-5f);
}

Value normalised(const nn::Scope& scope, Value h, Value row, Value shift) {
  return tanh(nn::BatchNorm{}(scope, h + row)) * (shift + 1);
}

struct Normalised {
  Value h, shift;
  std::vector<Value> updates, gradients;  // the latter of the sum of h^2
};

Normalised with_gradients(Graph& graph, Normalised n, Value x, Value first) {
  const std::vector<Value> wrt{x, first, graph.find("weight")};
  n.gradients = gradients(sum(square(n.h)), wrt);
  return n;
}

// The body moves running statistics once an iteration, "shift" too, and "count" twice.
Normalised looped(Graph& graph) {
  const Value x = made(graph, {5, 8, 3}, 1), first = made(graph, {8, 3}, 2);
  const auto newest = [](Graph& g, const char* name) { return g.newest(g.find(name)); };
  (void)graph.variable("count", {{1}, DType::i32});
  const Value outside = graph.variable("shift", {{3}, DType::f32});
  const LoopResults r = repeat(5, {first}, {x}, [&](LoopBody& b) {
    std::vector<Value> updates;
    nn::Scope scope(b.graph(), {}, true, 3);
    scope.updates = &updates;
    const std::vector<int32_t> two{2};
    const Value twos = b.graph().constant({{1}, DType::i32}, std::as_bytes(std::span(two)));
    const Value shift = newest(b.graph(), "shift"), next = normalised(scope, b.carried(), b.slice(), shift);
    (void)assign(shift, shift + mean(b.slice(), {0}));
    for (int i = 0; i < 2; ++i) (void)assign(newest(b.graph(), "count"), add(newest(b.graph(), "count"), twos));
    return LoopStep{{next}, {}};
  });
  return with_gradients(graph, {r.carried[0], outside, r.updates, {}}, x, first);
}

// The same, where nothing is updated but by the normalisation.
Normalised not_looped(Graph& graph) {
  const Value x = made(graph, {5, 8, 3}, 1), first = made(graph, {8, 3}, 2);
  Normalised n{first, zeros(graph, {3}), {}, {}};
  nn::Scope scope(graph, {}, true, 3);
  scope.updates = &n.updates;
  for (int64_t i = 0; i < 5; ++i) {
    const Value row = reshape(slice_axis(x, 0, i, i + 1), {8, 3});
    n.h = normalised(scope, n.h, row, stop_gradient(n.shift));
    n.shift = n.shift + mean(row, {0});
  }
  return with_gradients(graph, n, x, first);
}

// A reader before the update finds what the iteration before left, also when gradients ask for it later.
TEST(Loop, UpdatesVariables) {
  for (const Device& device : devices()) {
    Graph graph, plain;
    const Normalised a = looped(graph), b = not_looped(plain);
    EXPECT_EQ(a.updates.size(), 4u);
    std::vector<Value> targets = a.updates, expected = b.updates;
    for (const auto& [to, from] : {std::pair{&targets, &a}, std::pair{&expected, &b}}) {
      to->push_back(from->h);
      to->insert(to->end(), from->gradients.begin(), from->gradients.end());
    }
    expected.push_back(b.shift);
    const auto session = device.open(graph), other = device.open(plain);
    const auto program = session->compile({.targets = targets}), written = other->compile({.targets = expected});
    ASSERT_EQ(program->run(1), Status::ok);
    ASSERT_EQ(written->run(1), Status::ok);
    std::vector<Floats> found{program->read_floats(a.h), session->read_floats(a.shift)};
    std::vector<Floats> right{written->read_floats(b.h), written->read_floats(b.shift)};
    for (size_t i = 0; i < a.gradients.size(); ++i) {
      found.push_back(program->read_floats(a.gradients[i]));
      right.push_back(written->read_floats(b.gradients[i]));
    }
    for (const char* name : {"running_mean", "running_var"}) {
      found.push_back(session->read_floats(graph.find(name)));
      right.push_back(other->read_floats(plain.find(name)));
    }
    expect_near_loop(found, right, 1e-5f);
    const auto count = [&] {
      std::array<int32_t, 1> now{};
      session->read(graph.find("count"), std::as_writable_bytes(std::span(now)));
      return now[0];
    };
    EXPECT_EQ(count(), 20);
    ASSERT_EQ(program->run(2), Status::ok);
    EXPECT_EQ(count(), 60);
  }
}

// Whole numbers that a body hands on as they are, or twice.
TEST(Loop, CarriesWholeNumbersThatNobodyMakes) {
  Graph graph;
  const auto numbers = [&](std::vector<int32_t> all) {
    return graph.constant({{2}, DType::i32}, std::as_bytes(std::span(all)));
  };
  const LoopResults r = repeat(3, {numbers({1, 2}), numbers({3, 4}), numbers({5, 6})}, {}, [](LoopBody& b) {
    return LoopStep{{b.carried(1), b.carried(2), b.carried(0)}, {b.carried(0), b.carried(0)}};
  });
  std::vector<Value> floats;
  for (Value v : {r.carried[0], r.carried[1], r.carried[2], r.stacked[0], r.stacked[1]})
    floats.push_back(cast(v, DType::f32));
  for (const Device& device : devices())
    EXPECT_EQ(values_of(device, floats),
              (std::vector<Floats>{{1, 2}, {3, 4}, {5, 6}, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}}));
}

// A loop that has ended does not update any more.
TEST(Loop, StopsUpdating) {
  for (const Device& device : devices()) {
    Graph graph;
    (void)graph.variable("count", {{1}, DType::f32});
    const LoopResults r = repeat(9, {zeros(graph, {1})}, {}, [](LoopBody& b) {
      const Value count = b.graph().find("count"), next = b.carried() + 1;
      (void)assign(count, count + 10);
      return LoopStep{{next}, {}, greater(next, b.graph().scalar(3.5f))};
    });
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {r.carried[0], r.updates.at(0)}});
    ASSERT_EQ(program->run(1), Status::ok);
    EXPECT_EQ(program->read_floats(r.carried[0]), Floats{4});
    EXPECT_EQ(session->read_floats(graph.find("count")), Floats{40});
  }
}

// Newton's method, each row until it is there; what comes after the end changes nothing, and neither do gradients.
TEST(Loop, StopsByAValue) {
  Graph graph;
  const Value a = graph.constant({1}, Floats{2}), first = graph.constant({1}, Floats{1});
  const auto roots = [&](int64_t times, bool stops) {
    return repeat(times, {first, zeros(graph, {1})}, {}, [&](LoopBody& b) {
      const Value x = b.carried(0), next = (x + b.capture(a) / x) * .5f;
      LoopStep step{{next, b.carried(1) + 1.f}, {next}};
      if (stops) step.stop = less(abs(next - x), full(b.graph(), {1}, 1e-2f));
      return step;
    });
  };
  const LoopResults r = roots(12, true), written = roots(3, false);  // 1.5, 1.4167, 1.4142
  const std::vector<Value> wrt{a};
  const Value slope = gradients(sum(r.carried[0]), wrt)[0], expected_slope = gradients(sum(written.carried[0]), wrt)[0];
  for (const Device& device : devices()) {
    const std::vector<Floats> found =
        values_of(device, {r.carried[0], r.carried[1], r.stacked[0], slope, written.carried[0], expected_slope});
    EXPECT_EQ(found[1], Floats{3});
    EXPECT_EQ(found[0], found[4]);
    EXPECT_NEAR(found[3][0], found[5][0], 1e-6f);
    EXPECT_EQ(Floats(found[2].begin() + 3, found[2].end()), Floats(9, 0.f)) << "rows after the end";
  }
}

// The inner loop ends earlier in each outer iteration, and the outer one ends before its last.
TEST(Loop, ThatEndsInOneThatEnds) {
  Graph graph;
  const Value first = graph.constant({2, 3}, Floats{1, 2, 3, 4, 5, 6});
  const auto reached = [](LoopBody& b, float limit) {
    return less(full(b.graph(), {1}, limit), reshape(sum(b.carried()), {1}));
  };
  const LoopResults outer = repeat(9, {first, zeros(graph, {1})}, {}, [&](LoopBody& b) {
    const LoopResults inner = repeat(7, {b.carried(), b.carried(1)}, {}, [&](LoopBody& c) {
      return LoopStep{{c.carried() * 1.25f + .5f, c.carried(1) + 1.f}, {c.carried(1)}, reached(c, 100)};
    });
    return LoopStep{inner.carried, {sum(inner.stacked[0])}, reached(b, 300)};
  });
  const std::vector<Value> wanted{outer.carried[0], outer.carried[1], outer.stacked[0]};
  const std::vector<Floats> right = values_of(Device::cpu(), wanted);
  EXPECT_EQ(right[1], Floats{12}) << "7 to pass 100, then one in each outer iteration until it finds more than 300";
  for (const Device& device : devices()) expect_near_loop(values_of(device, wanted), right, 1e-3f);
}

TEST(Loop, InALoop) {
  Graph graph;
  const Value x = made(graph, {3, 4}, 1), w = made(graph, {4}, 2);
  const auto power = [&](bool inner_loop) {
    return repeat(3, {ones(graph, {4})}, {x},
                  [&](LoopBody& outer) {
                    const Value factor = outer.slice() * outer.capture(w);
                    Value y = outer.carried();
                    if (inner_loop)
                      y = repeat(2, {y}, {}, [&](LoopBody& b) {
                            return LoopStep{{b.carried() * b.capture(factor) + 1.f}, {}};
                          }).carried[0];
                    else
                      for (int i = 0; i < 2; ++i) y = y * factor + 1.f;
                    return LoopStep{{y}, {}};
                  })
        .carried[0];
  };
  const Value nested = power(true), plain = power(false);
  const std::vector<Value> wrt{x, w};
  const std::vector<Value> of_nested = gradients(sum(nested), wrt), of_plain = gradients(sum(plain), wrt);
  const std::vector<Floats> expected = values_of(Device::cpu(), {plain, of_plain[0], of_plain[1]});
  for (const Device& device : devices())
    expect_near_loop(values_of(device, {nested, of_nested[0], of_nested[1]}), expected, 1e-5f);
}

// Layers in the body have the parameters of the graph around it, and micro-batches add up to the batch.
TEST(Loop, AccumulatesTheGradientsOfMicroBatches) {
  Graph graph;
  const Value x = made(graph, {4, 6, 5}, 1), t = made(graph, {4, 6, 3}, 2);
  const auto network = [](Graph& g, Value in) {
    nn::Scope scope(g, {}, true, 3);
    return nn::Linear{.out = 3}(scope.nested("last"), tanh(nn::Linear{.out = 7}(scope.nested("first"), in)));
  };
  const Value whole = sum(square(network(graph, reshape(x, Shape{24, 5})) - reshape(t, Shape{24, 3})));
  const std::vector<Value> parameters = graph.parameters();
  ASSERT_EQ(parameters.size(), 4u);
  std::vector<Value> first;
  for (Value p : parameters) first.push_back(zeros(graph, p.shape()));
  const LoopResults r = repeat(4, first, std::vector{x, t}, [&](LoopBody& b) {
    const Value loss = sum(square(network(b.graph(), b.slice(0)) - b.slice(1)));
    LoopStep step;
    const std::vector<Value> found = gradients(loss, b.graph().parameters());
    for (size_t i = 0; i < found.size(); ++i) step.carried.push_back(b.carried(i) + found[i]);
    return step;
  });
  const std::vector<Value> expected = gradients(whole, parameters);
  for (const Device& device : devices())
    expect_near_loop(values_of(device, r.carried), values_of(device, expected), 2e-5f);
}

// What is carried takes two places in turn; the gradient keeps every iteration.
TEST(Loop, TakesMemoryForOneIterationUnlessItIsKept) {
  for (const Device& device : devices()) {
    if (device.info().type == DeviceType::cpu_reference) continue;
    std::array<uint64_t, 2> bytes{};
    std::array<size_t, 2> launches{};
    for (const int64_t times : {4, 64}) {
      Graph graph;
      const Value x = made(graph, {256}, 1);
      const Value y = repeat(times, {x}, {}, [](LoopBody& b) {
                        return LoopStep{{tanh(b.carried() * 1.1f)}, {}};
                      }).carried[0];
      const auto session = device.open(graph);
      const PlanSummary plan = session->compile({.targets = {y}})->summary();
      bytes[times == 64] = plan.activation_bytes;
      launches[times == 64] = plan.dispatches;
    }
    EXPECT_EQ(bytes[0], bytes[1]);
    EXPECT_EQ(launches[0], launches[1]);
  }
}

TEST(Loop, IsSubmittedInSegmentsAndProfiled) {
  Graph graph;
  const Value x = made(graph, {6, 32}, 1), first = made(graph, {32}, 2);
  const Value y = repeat(6, {first}, {x}, [](LoopBody& b) {
                    return LoopStep{{tanh(b.carried() + b.slice())}, {}};
                  }).carried[0];
  for (const Device& device : devices()) {
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {y}, .segment_microseconds = 1e-3});
    ASSERT_EQ(program->run(1), Status::ok);
    const Floats expected = program->read_floats(y);
    program->poison();
    Advanced done;
    int calls = 0;
    // A segment that was measured while others had the processor goes when as much budget was saved up: in many calls.
    for (; calls < 200'000 && done.total_steps < 2; ++calls) {
      ASSERT_EQ(program->advance({.microseconds = 50, .steps = 1}, &done), Status::ok);
      ASSERT_EQ(program->wait(), Status::ok);
    }
    if (device.info().type != DeviceType::cpu_reference) {
      EXPECT_GT(calls, 1) << "a loop goes in parts";
      EXPECT_NE(program->describe().find("  6 times:\n"), std::string::npos) << program->describe();
    }
    EXPECT_EQ(done.total_steps, 2u);
    EXPECT_EQ(program->read_floats(y), expected);
    const Profile profile = program->profile(2);
    for (const LaunchProfile& launch : profile.launches) EXPECT_EQ(launch.steps.size(), 2u) << launch.op;
    EXPECT_EQ(program->read_floats(y), expected);
  }
}

TEST(Loop, WritesInsideOfItsMemory) {
  Graph graph;
  const Value x = made(graph, {5, 3, 5}, 1), first = made(graph, {3, 5}, 2);
  const LoopResults r = repeat(5, {first}, {x}, [](LoopBody& b) {
    return LoopStep{{tanh(b.carried() + b.slice())}, {square(b.slice())}};
  });
  const Value g = gradients(sum(r.carried[0]) + sum(r.stacked[0]), std::vector{x})[0];
  for (const Device& device : devices()) {
    const auto session = device.open(graph, {.guard_bytes = 256});
    const auto program = session->compile({.targets = {r.carried[0], r.stacked[0], g}, .guard_bytes = 256});
    program->poison();
    ASSERT_EQ(program->run(1), Status::ok);
    for (Value v : {r.carried[0], r.stacked[0], g})
      for (float value : program->read_floats(v)) EXPECT_TRUE(std::isfinite(value));
    const std::vector<std::string> damaged = program->damaged_guards();
    EXPECT_TRUE(damaged.empty()) << damaged.front();
  }
}

TEST(Loop, RefusesWithBothShapes) {
  Graph graph, other;
  const Value h = made(graph, {2, 3}, 1), x = made(graph, {4, 2, 3}, 2), foreign = made(other, {2, 3}, 3);
  const auto message = [&](auto run) { return std::string(error_of(run).what()); };
  const auto same = [](LoopBody& b) { return LoopStep{{b.carried()}, {}}; };
  EXPECT_EQ(message([&] { (void)repeat(0, {h}, {}, same); }), "repeat: 0 times, it takes 1 or more");
  EXPECT_EQ(message([&] { (void)repeat(4, {h}, {h}, same); }),
            "repeat: sliced tensor 0 is f32[2, 3]; for 4 iterations it takes as many rows");
  EXPECT_EQ(message([&] {
              (void)repeat(4, {h}, {x}, [](LoopBody& b) { return LoopStep{{sum(b.carried(), {1})}, {}}; });
            }),
            "repeat: carried value 0 is f32[2, 3] at first and f32[2] after an iteration");
  EXPECT_EQ(message([&] { (void)repeat(4, {h}, {x}, [](LoopBody&) { return LoopStep{}; }); }),
            "repeat: the body leaves 0 values to the next iteration, the loop carries 1");
  EXPECT_EQ(message([&] {
              (void)repeat(4, {h, foreign}, {}, same);
            }),
            "repeat: first value 1 is empty or of another graph");
  EXPECT_EQ(message([&] { (void)repeat(4, {h}, {}, [&](LoopBody&) {
                            return LoopStep{{h}, {}};
                          }); }),
            "repeat: carried value 0 is empty or of another graph; values from outside go in by capture()");
  EXPECT_EQ(message([&] { (void)repeat(4, {}, {}, same); }), "repeat: it needs carried values or sliced tensors");
  EXPECT_EQ(
      message([&] {
        (void)repeat(4, {h}, {}, [](LoopBody& b) {
          return LoopStep{{b.carried() + b.graph().input("z", {{2, 3}, DType::f32})}, {}};
        });
      }),
      "repeat: the body reads its own input 'z' f32[2, 3], which nobody writes; make it outside and capture() it");
  EXPECT_EQ(message([&] {
              (void)repeat(4, {h}, {}, [](LoopBody& b) { return LoopStep{{b.carried()}, {}, b.carried()}; });
            }),
            "repeat: stop is f32[2, 3], it takes one element");
  (void)graph.parameter("w", {2, 3}, Floats(6, 1));
  EXPECT_EQ(message([&] {
              (void)repeat(4, {h}, {}, [](LoopBody& b) {
                const std::vector<Value> w{b.graph().find("w")};
                place_gradients(w, gradients(sum(w[0] * b.carried()), w));
                return LoopStep{{b.carried()}, {}};
              });
            }),
            "repeat: place_gradients in the body updates 'gradients' f32[64], which is not a variable of the state; "
            "carry the value through the loop and update it afterwards");
}

}  // namespace
}  // namespace lemnos
