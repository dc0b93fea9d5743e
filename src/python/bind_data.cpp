// Data sets, rows on demand, scalings, and the functions of data.h.

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "bind.h"
#include "generated.h"

namespace lemnos::python {

namespace {

data::Dataset& dataset_at(const Call& c) { return py::cast<data::Dataset&>(c.at(0)); }

// Class indices make a data set of classes, as many as the largest says unless `classes` does; anything else holds
// values.
data::Dataset dataset_of(const Where& where, py::handle x, py::handle y, int64_t classes, bool given_classes) {
  data::Dataset made{.x = tensor_of({where.function, "x"}, x).array()};
  if (y && !y.is_none()) {
    made.y = tensor_of({where.function, "y"}, y).array();
    if (made.y.desc.dtype != DType::f32 && (!given_classes || classes > 0)) {
      made.y = data::class_indices(made.y);
      const auto labels =
          std::span(reinterpret_cast<const int32_t*>(made.y.bytes.data()), static_cast<size_t>(made.y.desc.elements()));
      made.classes = given_classes ? classes : labels.empty() ? 0 : int64_t{*std::ranges::max_element(labels)} + 1;
    }
  }
  return made;
}

data::Column column_of(const Where& where, py::handle given, bool target) {
  data::Dataset one = target ? dataset_of(where, given, given, 0, false) : data::Dataset{};
  return {.values = target ? one.y : tensor_of(where, given).array(), .classes = one.classes};
}

data::Dataset dataset_from(const Call& c) {
  data::Dataset made =
      dataset_of({"Dataset", "x"}, c.at(1), c.has(2) ? c.at(2) : py::handle(), c.get<int64_t>(3, 0), c.has(3));
  c.set(4, made.scale), c.set(5, made.shift);
  if (c.has(6)) made.weights = tensor_of(c.where(6), c.at(6)).array();
  if (c.has(7))
    for (const py::object& item : items_of(c.where(7), c.at(7), "a list of arrays"))
      made.more_inputs.push_back(column_of(c.where(7), item, false));
  if (c.has(8))
    for (const py::object& item : items_of(c.where(8), c.at(8), "a list of arrays"))
      made.more_targets.push_back(column_of(c.where(8), item, true));
  made.check("Dataset");
  return made;
}

// What a Source of Python calls on Lemnos's reading thread: the arrays that it returns, in the places of the columns.
void read_rows(const Held& read, const data::Dataset& like, std::span<const int64_t> rows,
               std::span<std::byte* const> columns) {
  const py::gil_scoped_acquire acquire;
  const py::object given = read.get()(give(std::vector<int64_t>(rows.begin(), rows.end())));
  std::vector<const data::Array*> wanted{&like.x};
  for (const data::Column& column : like.more_inputs) wanted.push_back(&column.values);
  if (like.y.desc.shape.rank()) wanted.push_back(&like.y);
  for (const data::Column& column : like.more_targets) wanted.push_back(&column.values);
  if (like.weights.desc.shape.rank()) wanted.push_back(&like.weights);
  const Where where{"Source", "what read() returned"};
  const std::vector<py::object> arrays = py::isinstance<py::tuple>(given) || py::isinstance<py::list>(given)
                                             ? items_of(where, given, "an array for each column")
                                             : std::vector<py::object>{given};
  require(arrays.size() == wanted.size() && columns.size() == wanted.size(), ErrorCode::shape_mismatch,
          "Source: read() returned ", arrays.size(), " arrays, there are ", wanted.size(), " columns");
  for (size_t i = 0; i < wanted.size(); ++i) {
    TensorDesc desc = wanted[i]->desc;
    desc.shape = desc.shape.with(0, static_cast<int64_t>(rows.size()));
    const PyTensor array = tensor_of(where, arrays[i], desc);
    std::memcpy(columns[i], array.data(), desc.bytes());
  }
}

data::Source source_from(const Call& c) {
  if (!py::isinstance<data::Dataset>(c.at(2))) wrong_type(c.where(2), c.at(2), "a Dataset");
  data::Source made{.rows = c.get<int64_t>(1),
                    .like = py::cast<const data::Dataset&>(c.at(2)),
                    .read = {},
                    .window = c.get<int64_t>(4, 0)};
  if (!PyCallable_Check(c.at(3).ptr())) wrong_type(c.where(3), c.at(3), "a function of row numbers");
  const Held read(py::reinterpret_borrow<py::object>(c.at(3)));
  made.read = [read, like = made.like](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
    read_rows(read, like, rows, columns);
  };
  return made;
}

}  // namespace

DataArgument::DataArgument(const Where& where, py::handle given) {
  if (py::isinstance<data::Dataset>(given)) {
    dataset_ = &py::cast<const data::Dataset&>(given);
  } else if (py::isinstance<data::Source>(given)) {
    source_ = &py::cast<const data::Source&>(given);
  } else if (py::isinstance<py::tuple>(given) && py::len(given) == 2) {
    const auto pair = py::reinterpret_borrow<py::tuple>(given);
    made_ = dataset_of(where, pair[0], pair[1], 0, false);
    dataset_ = &made_;
  } else {
    made_ = dataset_of(where, given, {}, 0, false);
    dataset_ = &made_;
  }
}

DataArgument::DataArgument(const Call& c, size_t x, size_t y) {
  if (c.has(y)) {
    made_ = dataset_of(c.where(x), c.at(x), c.at(y), 0, false);
    dataset_ = &made_;
    return;
  }
  const DataArgument other(c.where(x), c.at(x));
  made_ = other.made_;
  dataset_ = other.dataset_ == &other.made_ ? &made_ : other.dataset_;
  source_ = other.source_;
}

void define_data(py::module_& module) {
  auto data = module.def_submodule("data", "Data sets: features and targets on the host.");
  auto dataset =
      py::class_<data::Dataset>(data, "Dataset", "Features x [N, ..] and targets y: class indices or values.");
  define_init(dataset,
              "__init__(self, x: Array, y: Array | None = None, classes: int | None = None, *, scale: float = 1.0, "
              "shift: float = 0.0, weights: Array | None = None, "
              "more_inputs: Sequence[Array] = (), more_targets: Sequence[Array] = ()) -> None",
              "x is float32 or uint8, of which a batch sees scale * x + shift; y whole numbers, which are classes, or "
              "float32 values. Copies the arrays.",
              [](const Call& c) { return dataset_from(c); });
  define(dataset,
         {{"__len__(self) -> int", "Rows.", [](const Call& c) { return give(dataset_at(c).size()); }},
          {"slice(self, begin: int, end: int) -> Dataset", "Rows [begin, end).",
           [](const Call& c) { return give(dataset_at(c).slice(c.get<int64_t>(1), c.get<int64_t>(2))); }},
          {"take(self, rows: Sequence[int]) -> Dataset", "The rows of these numbers, in this order.",
           [](const Call& c) { return give(dataset_at(c).take(c.get<std::vector<int64_t>>(1))); }},
          {"labels(self) -> list[int]", "The class of each row.",
           [](const Call& c) { return give(dataset_at(c).labels()); }},
          {"__repr__(self) -> str", "",
           [](const Call& c) {
             const data::Dataset& d = dataset_at(c);
             return give(text("lemnos.data.Dataset x ", d.x.desc, d.y.desc.shape.rank() ? text(", y ", d.y.desc) : ""));
           }}},
         {{"x: Tensor", "The features, a copy.", [](const Call& c) { return give(dataset_at(c).x); }},
          {"y: Tensor", "The targets, a copy.", [](const Call& c) { return give(dataset_at(c).y); }},
          {"classes: int", "0: y holds values.", [](const Call& c) { return give(dataset_at(c).classes); }},
          {"scale: float", "", [](const Call& c) { return give(dataset_at(c).scale); }},
          {"shift: float", "", [](const Call& c) { return give(dataset_at(c).shift); }}});
  auto source =
      py::class_<data::Source>(data, "Source", "Rows on demand, for a data set that does not fit the device.");
  define_init(source,
              "__init__(self, rows: int, like: Dataset, read: Callable[[list[int]], Any], window: int = 0) -> None",
              "`read` is given row numbers and returns an array for each column of `like` (x, then y); it is called "
              "beside the training.",
              [](const Call& c) { return source_from(c); });
  define(source, {{"__len__(self) -> int", "Rows of an epoch.",
                   [](const Call& c) { return give(py::cast<const data::Source&>(c.at(0)).rows); }}});
  auto scaling =
      py::class_<data::Scaling>(data, "Scaling", "x scale + shift by feature or channel, learned from a training set.");
  define(
      scaling,
      {{"__call__(self, data: Dataset) -> Dataset", "The data set, scaled.",
        [](const Call& c) { return give(py::cast<const data::Scaling&>(c.at(0))(*c.get<const data::Dataset*>(1))); }}},
      {{"scale: list[float]", "", [](const Call& c) { return give(py::cast<const data::Scaling&>(c.at(0)).scale); }},
       {"shift: list[float]", "", [](const Call& c) { return give(py::cast<const data::Scaling&>(c.at(0)).shift); }}});
  define_entries(data, data_entries());
}

}  // namespace lemnos::python
