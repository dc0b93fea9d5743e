// Graphs and their values as Python holds them. A C++ Value is a bare pointer into a graph; here each holds what its
// graph lives in, and one that was made while Lemnos built a model says so when it is used after that.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "lemnos/graph.h"

namespace lemnos::python {

namespace py = pybind11;

/// A graph that Python may hold values of.
struct Home {
  Graph* graph = nullptr;      // null: it is gone
  std::shared_ptr<void> keep;  // what the graph lives in
  Home() = default;
  ~Home();
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
};

/// The home of a graph, whose memory `keep` holds; the same one while anybody holds it.
std::shared_ptr<Home> make_home(Graph& graph, std::shared_ptr<void> keep);
/// Of a graph that has one, or that is being built (see Building).
std::shared_ptr<Home> home_of(Graph& graph);

/// While it lives Python is called in the middle of the building of a model: graphs that are met first in it are
/// Lemnos's own, and homes of them end with it.
class Building {
 public:
  Building();
  ~Building();
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;

 private:
  friend std::shared_ptr<Home> home_of(Graph& graph);
  Building* around_;
  std::vector<std::shared_ptr<Home>> homes_;
};

/// lemnos.Value.
class PyValue {
 public:
  PyValue(std::shared_ptr<Home> home, int id) : home_(std::move(home)), id_(id) {}
  explicit PyValue(Value v) : PyValue(home_of(v.graph()), v.id()) {}
  /// Throws `invalid_argument` when its graph is gone.
  Value value() const;
  const std::shared_ptr<Home>& home() const { return home_; }
  bool operator==(const PyValue&) const = default;
  int id() const { return id_; }

 private:
  std::shared_ptr<Home> home_;
  int id_;
};

/// lemnos.Graph: one of its own, or the one of a trainer or of a model under construction.
class PyGraph {
 public:
  PyGraph();
  explicit PyGraph(std::shared_ptr<Home> home) : home_(std::move(home)) {}
  Graph& graph() const;
  const std::shared_ptr<Home>& home() const { return home_; }

 private:
  std::shared_ptr<Home> home_;
};

/// Without the interpreter's lock, and alone with an object that takes one thread at a time; a callback may come back
/// to it. The lock of the object is taken without the interpreter's, so no two threads can wait for each other.
class Busy {
 public:
  explicit Busy(std::recursive_mutex& mutex) : lock_(mutex) {}

 private:
  py::gil_scoped_release release_;
  std::unique_lock<std::recursive_mutex> lock_;
};

/// A Python object that C++ may copy and destroy on any thread.
class Held {
 public:
  explicit Held(py::object object);
  py::handle get() const { return *object_; }

 private:
  std::shared_ptr<py::object> object_;
};

}  // namespace lemnos::python
