// Element formats of kernels that bind tensors as 32-bit words (shaders/common/formats.glsl).
#pragma once

#include "base/text.h"
#include "lemnos/op.h"
#include "shaders/common/formats.h"

namespace lemnos::ops {

inline uint32_t format_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return FORMAT_F32;
    case DType::f16: return FORMAT_F16;
    case DType::bf16: return FORMAT_BF16;
    case DType::i32: return FORMAT_I32;
    case DType::u32: return FORMAT_U32;
    case DType::u8: return FORMAT_U8;
    case DType::boolean: return FORMAT_BOOL;
  }
  fail(ErrorCode::internal, "format_of: unknown element type ", static_cast<int>(dtype));
}

/// The format in which elements are moved as bits.
inline uint32_t movable_format(DType dtype) {
  const size_t bytes = size_of(dtype);
  return bytes == 4 ? FORMAT_U32 : bytes == 2 ? FORMAT_U16 : FORMAT_U8;
}

/// The range up to the next whole word: what such a kernel reads.
inline TensorRef in_words(TensorRef ref) {
  ref.bytes = (ref.bytes + 3) / 4 * 4;
  return ref;
}

}  // namespace lemnos::ops
