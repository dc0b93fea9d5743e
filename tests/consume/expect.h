/* What the C programs expect: a failure is printed and counted, and the program goes on. */
#ifndef LEMNOS_CONSUME_EXPECT_H
#define LEMNOS_CONSUME_EXPECT_H

#include <lemnos/lemnos.h>
#include <stdio.h>

extern int failures; /* defined beside main() */

#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                            \
    }                                                        \
  } while (0)

static inline void expect_ok(lemnos_result result, const lemnos_error* error, const char* file, int line) {
  if (result == LEMNOS_OK) return;
  printf("%s:%d: %s: %s\n", file, line, lemnos_result_name(result), error->message);
  ++failures;
}
/* Where a lemnos_error is called error. */
#define OK(call) expect_ok(call, &error, __FILE__, __LINE__)
/* An entry point with nothing in its hands. */
#define NOTHING(call) CHECK((call) == LEMNOS_INVALID_ARGUMENT)

#endif
