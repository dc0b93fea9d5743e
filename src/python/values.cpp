#include "values.h"

#include <unordered_map>

#include "base/text.h"

namespace lemnos::python {

namespace {

// Only touched with the interpreter's lock held.
std::unordered_map<Graph*, std::weak_ptr<Home>>& homes_by_graph() {
  static auto* homes = new std::unordered_map<Graph*, std::weak_ptr<Home>>();  // outlives whatever Python leaves behind
  return *homes;
}

Building*& innermost() {
  static thread_local Building* building = nullptr;
  return building;
}

}  // namespace

Home::~Home() {
  if (!graph) return;
  const auto found = homes_by_graph().find(graph);
  if (found != homes_by_graph().end() && found->second.expired()) homes_by_graph().erase(found);
}

std::shared_ptr<Home> make_home(Graph& graph, std::shared_ptr<void> keep) {
  std::weak_ptr<Home>& known = homes_by_graph()[&graph];
  if (auto home = known.lock()) return home;
  auto home = std::make_shared<Home>();
  home->graph = &graph;
  home->keep = std::move(keep);
  known = home;
  return home;
}

std::shared_ptr<Home> home_of(Graph& graph) {
  const auto found = homes_by_graph().find(&graph);
  if (found != homes_by_graph().end())
    if (auto home = found->second.lock()) return home;
  require(innermost() != nullptr, ErrorCode::internal, "python: a value of a graph that nobody holds");
  auto home = make_home(graph, nullptr);
  innermost()->homes_.push_back(home);
  return home;
}

Building::Building() : around_(innermost()) { innermost() = this; }

Building::~Building() {
  innermost() = around_;
  for (const std::shared_ptr<Home>& home : homes_) {
    homes_by_graph().erase(home->graph);
    home->graph = nullptr;
  }
}

Value PyValue::value() const {
  require(home_->graph != nullptr, ErrorCode::invalid_argument,
          "value: its graph is gone; what a layer or a loss is given is there until it returns");
  return {home_->graph, id_};
}

PyGraph::PyGraph() {
  auto graph = std::make_shared<Graph>();
  home_ = make_home(*graph, graph);
}

Graph& PyGraph::graph() const {
  require(home_->graph != nullptr, ErrorCode::invalid_argument,
          "graph: it is gone; what a layer or a loss is given is there until it returns");
  return *home_->graph;
}

Held::Held(py::object object)
    : object_(new py::object(std::move(object)), [](py::object* held) {
        if (Py_IsInitialized()) {
          const py::gil_scoped_acquire acquire;
          *held = py::object();
        } else {
          held->release();  // the interpreter has taken it along
        }
        delete held;
      }) {}

}  // namespace lemnos::python
