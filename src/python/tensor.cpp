#include "tensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/half.h"
#include "base/text.h"
#include "convert.h"
#include "dlpack.h"

namespace lemnos::python {

namespace {

struct ElementType {
  DType dtype;
  const char* format;  // of the buffer protocol; null: it has none
  dlpack::Code code;
  const char* numpy;
};
constexpr ElementType kElementTypes[] = {
    {DType::f32, "f", dlpack::kFloat, "float32"}, {DType::f16, "e", dlpack::kFloat, "float16"},
    {DType::bf16, nullptr, dlpack::kBfloat, ""},  {DType::i32, "i", dlpack::kInt, "int32"},
    {DType::u32, "I", dlpack::kUInt, "uint32"},   {DType::u8, "B", dlpack::kUInt, "uint8"},
    {DType::boolean, "?", dlpack::kBool, "bool"}};

const ElementType& element_type(DType dtype) { return kElementTypes[static_cast<size_t>(dtype)]; }

// "float64: there are float32, .." for a type that no tensor has.
[[noreturn]] void fail_dtype(const Where& where, const std::string& name) {
  const char* remedy = name.starts_with("int") || name.starts_with("uint") ? "int32" : "float32";
  fail(ErrorCode::unsupported, where.function, ": ", where.argument, " is an array of ", name,
       "; there are float32, float16, int32, uint32, uint8 and bool (and bfloat16 by DLPack): astype('", remedy,
       "') makes it one");
}

DType dtype_of_format(const Where& where, const std::string& format, size_t bytes) {
  size_t at = format.find_first_not_of("@=<|");
  const std::string code = at == std::string::npos ? "" : format.substr(at);
  const bool integer = code.size() == 1 && std::strchr("bhilq", code[0]),
             natural = code.size() == 1 && std::strchr("BHILQ", code[0]);
  if (code == "f") return DType::f32;
  if (code == "e") return DType::f16;
  if (code == "?") return DType::boolean;
  if (integer && bytes == 4) return DType::i32;
  if (natural && bytes == 4) return DType::u32;
  if (natural && bytes == 1) return DType::u8;
  if (format.starts_with('>') || format.starts_with('!'))
    fail(ErrorCode::unsupported, where.function, ": ", where.argument, " is an array of big-endian numbers ('", format,
         "')");
  const std::string bits = std::to_string(8 * bytes);
  fail_dtype(where, code == "d"   ? "float64"
                    : code == "g" ? "longdouble"
                    : integer     ? "int" + bits
                    : natural     ? "uint" + bits
                                  : "'" + format + "'");
}

// Buffers -------------------------------------------------------------------------------------------------------------

struct BufferView {
  Py_buffer view{};
  ~BufferView() { PyBuffer_Release(&view); }
};

std::shared_ptr<BufferView> buffer_view(py::handle given) {
  auto buffer = std::shared_ptr<BufferView>(new BufferView, [](BufferView* view) {
    if (!Py_IsInitialized()) return;
    const py::gil_scoped_acquire acquire;
    delete view;
  });
  if (PyObject_GetBuffer(given.ptr(), &buffer->view, PyBUF_FULL_RO) != 0) throw py::error_already_set();
  return buffer;
}

PyTensor tensor_of_buffer(const Where& where, py::handle given) {
  const auto buffer = buffer_view(given);
  const Py_buffer& view = buffer->view;
  const std::string format = view.format ? view.format : "B";
  const DType dtype = dtype_of_format(where, format, static_cast<size_t>(view.itemsize));
  const TensorDesc desc{Shape(std::vector<int64_t>(view.shape, view.shape + view.ndim)), dtype};
  if (PyBuffer_IsContiguous(&view, 'C'))
    return {desc, std::shared_ptr<std::byte>(buffer, static_cast<std::byte*>(view.buf)), !view.readonly};
  std::vector<std::byte> bytes(desc.bytes());
  if (PyBuffer_ToContiguous(bytes.data(), &buffer->view, view.len, 'C') != 0) throw py::error_already_set();
  return {desc, std::move(bytes)};
}

// What getbuffer's shape and strides point to.
struct Extents {
  std::array<Py_ssize_t, Shape::kMaxRank> shape{}, strides{};
};

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  view->obj = nullptr;
  const auto& tensor = py::cast<const PyTensor&>(py::handle(self));
  const ElementType& type = element_type(tensor.desc().dtype);
  if (!type.format || ((flags & PyBUF_WRITABLE) && !tensor.writable())) {
    PyErr_SetString(PyExc_BufferError, type.format ? "Tensor: it is read only"
                                                   : "Tensor: the buffer protocol has no bf16; numpy() gives float32");
    return -1;
  }
  auto* extents = new Extents;
  const Shape& shape = tensor.desc().shape;
  auto stride = static_cast<Py_ssize_t>(size_of(tensor.desc().dtype));
  for (size_t i = shape.rank(); i-- > 0; stride *= static_cast<Py_ssize_t>(shape[i])) {
    extents->shape[i] = static_cast<Py_ssize_t>(shape[i]);
    extents->strides[i] = stride;
  }
  view->buf = tensor.data();
  view->len = static_cast<Py_ssize_t>(tensor.desc().bytes());
  view->itemsize = static_cast<Py_ssize_t>(size_of(tensor.desc().dtype));
  view->readonly = !tensor.writable();
  view->ndim = static_cast<int>(shape.rank());
  view->format = (flags & PyBUF_FORMAT) ? const_cast<char*>(type.format) : nullptr;
  view->shape = (flags & PyBUF_ND) ? extents->shape.data() : nullptr;
  view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? extents->strides.data() : nullptr;
  view->suboffsets = nullptr;
  view->internal = extents;
  view->obj = self;
  Py_INCREF(self);
  return 0;
}

void release_buffer(PyObject*, Py_buffer* view) { delete static_cast<Extents*>(view->internal); }

// DLPack --------------------------------------------------------------------------------------------------------------

const char* device_word(int32_t type) {
  constexpr std::pair<int32_t, const char*> kNames[] = {{2, "cuda"},          {3, "cuda host"}, {4, "opencl"},
                                                        {7, "vulkan"},        {8, "metal"},     {10, "rocm"},
                                                        {13, "cuda managed"}, {14, "oneapi"}};
  for (const auto& [known, name] : kNames)
    if (known == type) return name;
  return "another device";
}

void require_host(const Where& where, dlpack::Device device) {
  require(device.type == dlpack::kHost, ErrorCode::unsupported, where.function, ": ", where.argument, " is on ",
          device_word(device.type), ":", device.id, ", Lemnos takes arrays in host memory: copy it there first");
}

TensorDesc dlpack_desc(const Where& where, const dlpack::Tensor& from) {
  const Shape shape(std::vector<int64_t>(from.shape, from.shape + from.ndim));
  for (const ElementType& type : kElementTypes)
    if (type.code == from.dtype.code && 8 * size_of(type.dtype) == from.dtype.bits && from.dtype.lanes == 1)
      return {shape, type.dtype};
  const char* kind = from.dtype.code == dlpack::kInt     ? "int"
                     : from.dtype.code == dlpack::kUInt  ? "uint"
                     : from.dtype.code == dlpack::kFloat ? "float"
                                                         : "bits";
  fail_dtype(where, kind + std::to_string(from.dtype.bits));
}

PyTensor tensor_of_dlpack(const Where& where, const dlpack::Tensor& from, std::shared_ptr<void> owner, bool writable) {
  require_host(where, from.device);
  const TensorDesc desc = dlpack_desc(where, from);
  auto* data = static_cast<std::byte*>(from.data) + from.byte_offset;
  bool dense = true;
  int64_t stride = 1;
  for (size_t i = desc.shape.rank(); from.strides && i-- > 0; stride *= desc.shape[i])
    dense &= desc.shape[i] == 1 || from.strides[i] == stride;
  if (dense) return {desc, std::shared_ptr<std::byte>(std::move(owner), data), writable};
  const size_t item = size_of(desc.dtype);
  std::vector<std::byte> bytes(desc.bytes());
  std::array<int64_t, Shape::kMaxRank> index{};
  for (size_t to = 0; to < bytes.size(); to += item) {
    int64_t at = 0;
    for (size_t i = 0; i < desc.shape.rank(); ++i) at += index[i] * from.strides[i];
    std::memcpy(bytes.data() + to, data + at * static_cast<int64_t>(item), item);
    for (size_t i = desc.shape.rank(); i-- > 0;) {
      if (++index[i] < desc.shape[i]) break;
      index[i] = 0;
    }
  }
  return {desc, std::move(bytes)};
}

template <typename Managed>
std::shared_ptr<void> owner_of(PyObject* capsule, Managed* managed, const char* used) {
  PyCapsule_SetName(capsule, used);
  return {managed, [](Managed* m) {
            if (!m->deleter || !Py_IsInitialized()) return;
            const py::gil_scoped_acquire acquire;
            m->deleter(m);
          }};
}

PyTensor tensor_of_producer(const Where& where, py::handle given) {
  if (py::hasattr(given, "__dlpack_device__")) {
    const auto device = py::cast<py::tuple>(given.attr("__dlpack_device__")());
    require_host(where, {py::cast<int32_t>(py::int_(device[0])), py::cast<int32_t>(py::int_(device[1]))});
  }
  const py::object capsule = given.attr("__dlpack__")();
  if (PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned")) {
    auto* managed = static_cast<dlpack::ManagedVersioned*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor_versioned"));
    require(managed->major == 1, ErrorCode::unsupported, where.function, ": DLPack ", managed->major, ".",
            managed->minor, "; Lemnos knows 1");
    const bool writable = !(managed->flags & dlpack::kReadOnly);
    return tensor_of_dlpack(where, managed->tensor, owner_of(capsule.ptr(), managed, "used_dltensor_versioned"),
                            writable);
  }
  auto* managed = static_cast<dlpack::Managed*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  if (!managed) throw py::error_already_set();
  return tensor_of_dlpack(where, managed->tensor, owner_of(capsule.ptr(), managed, "used_dltensor"), true);
}

// What a capsule of ours points to.
template <typename Managed>
struct Exported {
  Managed managed{};
  PyTensor tensor;
  std::array<int64_t, Shape::kMaxRank> shape{};

  explicit Exported(const PyTensor& from) : tensor(from) {
    std::ranges::copy(from.desc().shape, shape.begin());
    const DType dtype = from.desc().dtype;
    managed.tensor = {.data = from.data(),
                      .device = {dlpack::kHost, 0},
                      .ndim = static_cast<int32_t>(from.desc().shape.rank()),
                      .dtype = {element_type(dtype).code, static_cast<uint8_t>(8 * size_of(dtype)), 1},
                      .shape = shape.data(),
                      .strides = nullptr,
                      .byte_offset = 0};
    managed.context = this;
    managed.deleter = [](Managed* self) { delete static_cast<Exported*>(self->context); };
  }
};

template <typename Managed>
py::object exported(Managed& managed, const char* name) {
  return py::reinterpret_steal<py::object>(PyCapsule_New(&managed, name, [](PyObject* capsule) {
    const char* unused = PyCapsule_GetName(capsule);
    if (std::string_view(unused).starts_with("used_")) return;
    auto* left = static_cast<Managed*>(PyCapsule_GetPointer(capsule, unused));
    left->deleter(left);
  }));
}

py::object to_dlpack(const Call& c) {
  const auto& tensor = py::cast<const PyTensor&>(c.at(0));
  if (c.has(3))
    require_host({"__dlpack__", "dl_device"},
                 {py::cast<int32_t>(py::int_(py::tuple(py::reinterpret_borrow<py::object>(c.at(3)))[0])), 0});
  if (c.has(2) && py::cast<int>(py::tuple(py::reinterpret_borrow<py::object>(c.at(2)))[0]) >= 1) {
    auto* made = new Exported<dlpack::ManagedVersioned>(tensor);
    made->managed.major = 1;
    made->managed.flags = tensor.writable() ? 0 : dlpack::kReadOnly;
    return exported(made->managed, "dltensor_versioned");
  }
  if (!tensor.writable()) throw py::buffer_error("Tensor: it is read only, which only DLPack 1.0 can say");
  return exported((new Exported<dlpack::Managed>(tensor))->managed, "dltensor");
}

// Numbers -------------------------------------------------------------------------------------------------------------

void measure(const Where& where, py::handle given, std::vector<int64_t>& shape, std::vector<double>& values,
             bool& whole, size_t depth) {
  if (!py::isinstance<py::list>(given) && !py::isinstance<py::tuple>(given)) {
    require(depth == shape.size(), ErrorCode::shape_mismatch, where.function, ": ", where.argument,
            " holds lists of other depths");
    const double value = PyFloat_AsDouble(given.ptr());
    if (PyErr_Occurred()) {
      PyErr_Clear();
      wrong_type(where, given, "an array, a number or lists of numbers");
    }
    whole = whole && (PyLong_Check(given.ptr()) || PyIndex_Check(given.ptr()));
    values.push_back(value);
    return;
  }
  const auto items = py::reinterpret_borrow<py::sequence>(given);
  const auto count = static_cast<int64_t>(items.size());
  if (depth == shape.size()) {
    require(values.empty() && depth < Shape::kMaxRank, ErrorCode::shape_mismatch, where.function, ": ", where.argument,
            " holds lists of other depths");
    shape.push_back(count);
  }
  require(shape[depth] == count, ErrorCode::shape_mismatch, where.function, ": ", where.argument, " holds lists of ",
          shape[depth], " and of ", count);
  for (const py::handle item : items) measure(where, item, shape, values, whole, depth + 1);
}

void put(std::byte* to, DType dtype, double value) {
  const auto store = [&](auto v) { std::memcpy(to, &v, sizeof v); };
  switch (dtype) {
    case DType::f32: return store(static_cast<float>(value));
    case DType::f16: return store(float_to_f16(static_cast<float>(value)));
    case DType::bf16: return store(float_to_bf16(static_cast<float>(value)));
    case DType::i32: return store(static_cast<int32_t>(value));
    case DType::u32: return store(static_cast<uint32_t>(value));
    case DType::u8: return store(static_cast<uint8_t>(value));
    case DType::boolean: return store(static_cast<uint8_t>(value != 0));
  }
}

bool holds(DType dtype, double value) {
  const auto whole = [&](double low, double high) {
    return value == std::trunc(value) && value >= low && value <= high;
  };
  if (dtype == DType::i32) return whole(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  if (dtype == DType::u32) return whole(0, std::numeric_limits<uint32_t>::max());
  if (dtype == DType::u8) return whole(0, 255);
  return true;
}

PyTensor tensor_of_values(const Where& where, const std::vector<int64_t>& shape, const std::vector<double>& values,
                          DType dtype) {
  const TensorDesc desc{Shape(shape), dtype};
  std::vector<std::byte> bytes(desc.bytes());
  for (size_t i = 0; i < values.size(); ++i) {
    require(holds(dtype, values[i]), ErrorCode::out_of_range, where.function, ": ", where.argument, " holds ",
            values[i], ", which is no ", dtype);
    put(bytes.data() + i * size_of(dtype), dtype, values[i]);
  }
  return {desc, std::move(bytes)};
}

py::object list_of(const PyTensor& tensor, size_t axis, size_t& at) {
  const TensorDesc& desc = tensor.desc();
  if (axis == desc.shape.rank()) {
    const double value = tensor.element(at++);
    if (desc.dtype == DType::boolean) return py::bool_(value != 0);
    if (is_floating(desc.dtype)) return py::float_(value);
    return py::int_(static_cast<int64_t>(value));
  }
  py::list items;
  for (int64_t i = 0; i < desc.shape[axis]; ++i) items.append(list_of(tensor, axis + 1, at));
  return items;
}

py::object numpy_of(py::handle self) {
  const auto& tensor = py::cast<const PyTensor&>(self);
  const py::object asarray = py::module_::import("numpy").attr("asarray");
  if (element_type(tensor.desc().dtype).format)
    return asarray(py::memoryview(py::reinterpret_borrow<py::object>(self)));
  std::vector<float> values(static_cast<size_t>(tensor.desc().elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(tensor.element(i));
  return asarray(py::memoryview(py::cast(PyTensor::floats(tensor.desc().shape, values))));
}

const PyTensor& self_of(const Call& c) { return py::cast<const PyTensor&>(c.at(0)); }

double single(const Call& c) {
  const PyTensor& tensor = self_of(c);
  require(tensor.desc().elements() == 1, ErrorCode::shape_mismatch, c.function(), ": a tensor of ", tensor.desc(),
          ", one element is a number");
  return tensor.element(0);
}

}  // namespace

PyTensor::PyTensor(TensorDesc desc, std::vector<std::byte> bytes) : desc_(desc) {
  auto owner = std::make_shared<std::vector<std::byte>>(std::move(bytes));
  data_ = std::shared_ptr<std::byte>(owner, owner->data());
}

PyTensor PyTensor::floats(const Shape& shape, std::span<const float> values) {
  const auto bytes = std::as_bytes(values);
  return {{shape, DType::f32}, std::vector<std::byte>(bytes.begin(), bytes.end())};
}

double PyTensor::element(size_t i) const {
  const std::byte* at = data_.get() + i * size_of(desc_.dtype);
  const auto load = [&](auto v) {
    std::memcpy(&v, at, sizeof v);
    return v;
  };
  switch (desc_.dtype) {
    case DType::f32: return load(float{});
    case DType::f16: return f16_to_float(load(uint16_t{}));
    case DType::bf16: return bf16_to_float(load(uint16_t{}));
    case DType::i32: return load(int32_t{});
    case DType::u32: return load(uint32_t{});
    case DType::u8:
    case DType::boolean: return load(uint8_t{});
  }
  return 0;
}

bool is_array(py::handle given) {
  return PyObject_CheckBuffer(given.ptr()) || py::hasattr(given, "__dlpack__") || py::isinstance<PyTensor>(given);
}

PyTensor tensor_of(const Where& where, py::handle given) {
  if (py::isinstance<PyTensor>(given)) return py::cast<const PyTensor&>(given);
  if (PyObject_CheckBuffer(given.ptr()) && !PyBytes_Check(given.ptr())) return tensor_of_buffer(where, given);
  if (py::hasattr(given, "__dlpack__")) return tensor_of_producer(where, given);
  std::vector<int64_t> shape;
  std::vector<double> values;
  bool whole = true;
  measure(where, given, shape, values, whole, 0);
  return tensor_of_values(where, shape, values, whole ? DType::i32 : DType::f32);
}

PyTensor tensor_of_numbers(const Where& where, py::handle given, DType dtype) {
  std::vector<int64_t> shape;
  std::vector<double> values;
  bool whole = true;
  measure(where, given, shape, values, whole, 0);
  return tensor_of_values(where, shape, values, dtype);
}

PyTensor tensor_of(const Where& where, py::handle given, const TensorDesc& wanted) {
  const bool array = is_array(given) && !PyBytes_Check(given.ptr());
  PyTensor made = array ? tensor_of(where, given) : tensor_of_numbers(where, given, wanted.dtype);
  const char* numpy = element_type(wanted.dtype).numpy;
  require(made.desc() == wanted, ErrorCode::shape_mismatch, where.function, ": ", where.argument, " is ", made.desc(),
          ", it takes ", wanted,
          made.desc().dtype == wanted.dtype || !*numpy ? "" : text(": astype('", numpy, "') makes it one"));
  return made;
}

void define_tensor(py::module_& module) {
  auto type =
      py::class_<PyTensor>(module, "Tensor", "Dense rows in host memory; NumPy and others read them without a copy.");
  define_init(
      type, "__init__(self, array: Array, dtype: DType | None = None) -> None",
      "Of anything with the buffer protocol or __dlpack__ in host memory, without a copy where its rows are dense; "
      "or of a number, or lists of numbers, in the dtype.",
      [](const Call& c) {
        if (c.has(2) && !is_array(c.at(1))) return tensor_of_numbers(c.where(1), c.at(1), c.get<DType>(2));
        const PyTensor made = tensor_of(c.where(1), c.at(1));
        return c.has(2) ? tensor_of(c.where(1), py::cast(made), {made.desc().shape, c.get<DType>(2)}) : made;
      });
  auto* heap = reinterpret_cast<PyHeapTypeObject*>(type.ptr());
  heap->as_buffer = {get_buffer, release_buffer};
  heap->ht_type.tp_as_buffer = &heap->as_buffer;
  define(type,
         {{"numpy(self) -> Any", "A NumPy array of the same memory; of bf16 a copy in float32.",
           [](const Call& c) { return numpy_of(c.at(0)); }},
          {"tolist(self) -> Any", "Lists of numbers.",
           [](const Call& c) {
             size_t at = 0;
             return list_of(self_of(c), 0, at);
           }},
          {"item(self) -> float", "The number in a tensor of one element.",
           [](const Call& c) -> py::object { return py::float_(single(c)); }},
          {"__float__(self) -> float", "As item().", [](const Call& c) -> py::object { return py::float_(single(c)); }},
          {"__len__(self) -> int", "The first extent.",
           [](const Call& c) -> py::object {
             const Shape& shape = self_of(c).desc().shape;
             if (shape.rank() == 0) throw py::type_error("Tensor: a scalar has no length");
             return py::int_(shape[0]);
           }},
          {"__repr__(self) -> str", "",
           [](const Call& c) -> py::object { return py::str(text("lemnos.Tensor ", self_of(c).desc())); }},
          {"__array__(self, dtype: Any = None, copy: Any = None) -> Any", "For NumPy.",
           [](const Call& c) -> py::object {
             const py::object made = numpy_of(c.at(0));
             return c.has(1) ? made.attr("astype")(c.at(1)) : made;
           }},
          {"__dlpack__(self, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = "
           "None) -> Any",
           "For from_dlpack() of other libraries, without a copy.", to_dlpack},
          {"__dlpack_device__(self) -> tuple[int, int]", "Host memory.",
           [](const Call&) -> py::object { return py::make_tuple(dlpack::kHost, 0); }}},
         {{"shape: tuple[int, ...]", "The extents.",
           [](const Call& c) -> py::object { return give(self_of(c).desc().shape); }},
          {"dtype: DType", "f32, f16, bf16, i32, u32, u8 or bool.",
           [](const Call& c) -> py::object { return give(self_of(c).desc().dtype); }}});
  define(module, {{"from_dlpack(array: Any) -> Tensor",
                   "The memory of an array of another library, which has __dlpack__ and lies in host memory.",
                   [](const Call& c) -> py::object {
                     if (!py::hasattr(c.at(0), "__dlpack__"))
                       wrong_type(c.where(0), c.at(0), "an array with __dlpack__");
                     return py::cast(tensor_of_producer(c.where(0), c.at(0)));
                   }}});
}

}  // namespace lemnos::python
