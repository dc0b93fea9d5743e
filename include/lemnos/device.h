// Devices as plain data: capabilities, names, known driver defects.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// How far two runs of the same program give the same bits.
enum class Determinism {
  /// On one device and driver: from run to run, process to process and thread to thread, recorded or replayed, however
  /// steps are submitted.
  device,
  /// From device to device, too, for f32, but for NaN, the sign of zero, and what a subnormal number leads to, which
  /// some devices take for zero. Every device takes the kernels of DeviceCaps::portable(), a fused multiply-add is a
  /// product and a sum, and tuning is not used, so a GPU is slower. The device must round quotients and roots as IEEE
  /// 754 does, which is tested before the first program; one that does not is refused with `unsupported`.
  across_devices
};

/// Everything that the choice of kernels depends on, read once when a device is adopted. All decisions read this
/// struct, so a test can reduce it to that of a less capable device.
struct DeviceCaps {
  uint32_t subgroup_size = 1;
  uint32_t min_subgroup_size = 1;
  uint32_t max_subgroup_size = 1;
  bool subgroup_arithmetic = false;  // basic, arithmetic, ballot and shuffle in compute
  bool subgroup_size_control = false;
  bool fast_broadcast = false;  // subgroup broadcast does not go through memory
  bool fp16 = false;            // 16-bit float arithmetic
  bool storage16 = false;       // 16-bit elements in storage buffers
  bool storage8 = false;        // 8-bit elements in storage buffers
  bool int8 = false;            // 8-bit integer arithmetic
  bool cooperative_matrix = false;
  bool buffer_device_address = false;
  bool memory_budget = false;
  bool pipeline_executable_properties = false;
  uint32_t max_workgroup_invocations = 128;
  uint32_t max_workgroup_count = 65535;            // the smallest of the three dimensions
  uint32_t max_shared_memory = 16384;              // bytes
  uint32_t max_push_constants = 128;               // bytes
  uint64_t max_storage_range = uint64_t{1} << 27;  // bytes that one binding may span
  uint64_t max_allocation = uint64_t{1} << 30;     // bytes
  uint64_t memory_limit = 0;                       // limit in bytes; 0: the size of the heap
  uint64_t min_storage_offset_alignment = 256;     // bytes
  bool unified_memory = false;                     // device memory that the host can map
  bool software = false;                           // kernels run on the CPU
  double timestamp_period = 0;                     // nanoseconds a tick; 0: no timestamps
  double longest_submission_ms = 250;              // longest device time of one submission
  Determinism determinism = Determinism::device;

  /// One advertised shape of the matrix unit: C[m, n] += A[m, k] B[k, n].
  struct MatrixShape {
    uint32_t m = 0, n = 0, k = 0;
    DType operands = DType::f16;  // or bf16
    bool f32_accumulate = false;  // accumulates in f32, not in the operands' type
    bool operator==(const MatrixShape&) const = default;
  };
  std::vector<MatrixShape> matrix_shapes;

  /// The minimum that the last variant of every kernel runs on: no subgroup operations, 16 KiB of shared memory, 128
  /// invocations, no fp16, 128 MiB storage ranges.
  static DeviceCaps portable() { return {}; }
};

/// A known defect of this device's driver, and its remedy.
struct DeviceQuirk {
  std::string name;    // LEMNOS_QUIRKS=-name disables it
  std::string effect;  // "matrices loaded from shared memory are always the first tile: wrong products (Arc B390)"
  std::string remedy;  // what Lemnos does about it: "no cooperative matrices"
};

/// A feature that some drivers implement wrongly, tested on this device before its first use: the matrix unit, subgroup
/// operations, 16-bit elements in memory. A feature that fails is not used; training continues without it.
struct SelfTest {
  std::string name;     // "matrix-f16"
  std::string failure;  // "matmul: element 3 is 7, and 9 is right"; empty: it passed
};

enum class DeviceType { cpu_reference, software, integrated, discrete, virtual_gpu, other };
const char* to_string(DeviceType type);

/// What a device is and can do.
struct DeviceInfo {
  DeviceType type = DeviceType::other;
  std::string name;            // "llvmpipe (LLVM 15.0.6, 256 bits)"; "cpu" for the reference
  std::string driver;          // "llvmpipe"
  std::string driver_version;  // "Mesa 22.3.6 (LLVM 15.0.6)"
  std::string api_version;     // "1.3.230"
  uint32_t vendor_id = 0;
  uint32_t device_id = 0;
  std::array<uint8_t, 16> uuid{};
  std::array<uint8_t, 16> driver_uuid{};
  std::array<uint8_t, 8> luid{};
  bool luid_valid = false;
  std::string pci;  // "0000:01:00.0", empty when unknown
  uint64_t memory_bytes = 0;
  bool usable = true;   // meets the required features
  std::string refusal;  // why the device is not usable
  DeviceCaps caps;
  std::vector<DeviceQuirk> quirks;   // active on this device; `caps` includes their remedies
  std::vector<SelfTest> self_tests;  // remembered results; Device::self_test() runs the tests
};

std::string uuid_string(const std::array<uint8_t, 16>& uuid);  // "6d657361-3232-2e33-2e36-000000000000"

}  // namespace lemnos

LEMNOS_END_PUBLIC
