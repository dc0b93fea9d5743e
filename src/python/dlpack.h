// The structs of the DLPack protocol (dmlc.github.io/dlpack, versions 0.8 and 1.0): how arrays of different libraries
// share memory. The layout is the protocol's, as are the names.
#pragma once

#include <cstdint>

namespace lemnos::python::dlpack {

struct Device {
  int32_t type;  // 1: host memory
  int32_t id;
};
constexpr int32_t kHost = 1;

enum Code : uint8_t { kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kBool = 6 };
struct DataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  int32_t ndim;
  DataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; null: dense rows
  uint64_t byte_offset;
};

/// In a capsule named "dltensor"; whoever takes it renames it to "used_dltensor" and calls the deleter.
struct Managed {
  Tensor tensor;
  void* context;
  void (*deleter)(Managed* self);
};

/// The same from version 1.0 on, "dltensor_versioned".
struct ManagedVersioned {
  uint32_t major, minor;
  void* context;
  void (*deleter)(ManagedVersioned* self);
  uint64_t flags;  // bit 0: read only
  Tensor tensor;
};
constexpr uint64_t kReadOnly = 1;

}  // namespace lemnos::python::dlpack
