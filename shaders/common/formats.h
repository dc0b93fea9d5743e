// Element formats as a number, for kernels that take one as a specialisation constant instead of a variant per type.
#ifndef COMMON_FORMATS_H
#define COMMON_FORMATS_H
#define FORMAT_F32 0
#define FORMAT_F16 1
#define FORMAT_BF16 2
#define FORMAT_I32 3
#define FORMAT_U32 4
#define FORMAT_U8 5    // four elements in a word
#define FORMAT_BOOL 6  // one byte: 0 or 1
#define FORMAT_U16 7   // two elements in a word; for moving, whatever they mean
#endif
