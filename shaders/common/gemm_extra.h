// What a product's last input is for.
#ifndef COMMON_GEMM_EXTRA
#define COMMON_GEMM_EXTRA

#define MATMUL_EXTRA_NONE 0
#define MATMUL_EXTRA_RESIDUAL 1  // R: beta R is added before the function
#define MATMUL_EXTRA_SLOPE 2     // S: the sum is multiplied by the function's slope f'(S)

#endif
