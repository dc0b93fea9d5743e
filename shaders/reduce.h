// How numbers are gathered into one; formulas in src/reference/reduce.cpp.
#define REDUCE_SUM 0
#define REDUCE_MAX 1
#define REDUCE_MIN 2
#define REDUCE_SUM_SQUARES 3

// What happens to the result.
#define REDUCE_FINISH_NONE 0
#define REDUCE_FINISH_DIVIDE 1  // by params.divisor
#define REDUCE_FINISH_ROOT 2    // its square root
