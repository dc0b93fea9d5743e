// Schedules of the learning rate, numbered for both sides; formulas in schedule.comp and src/reference/schedule.cpp.
#define SCHEDULE_CONSTANT 0
#define SCHEDULE_STEP 1
#define SCHEDULE_EXPONENTIAL 2
#define SCHEDULE_INVERSE_TIME 3
#define SCHEDULE_POLYNOMIAL 4
#define SCHEDULE_COSINE 5
#define SCHEDULE_COSINE_RESTARTS 6
#define SCHEDULE_ONE_CYCLE 7
#define SCHEDULE_PIECEWISE 8
#define SCHEDULE_CYCLIC 9
#define SCHEDULE_COSINE_PERIODIC 10

#include "common/shared.h"

PARAMS_BEGIN(Schedule)
  float warm_up;        // units over which the factor first rises from warm_up_start to what the schedule says at 0
  float warm_up_start;
  float period;         // units: of a step, of a cycle, or of the whole
  float gamma;
  float log2_gamma;     // taken on the host: a device's own pow would lose digits over many steps
  float power;          // also: by how much each cycle is longer than the last
  float log2_power;     // cyclic: how much lower each cycle is than the last
  float end;            // the factor at the end; one-cycle: at the beginning; cyclic: the low one
  float end2;           // one-cycle: the factor at the end
  float rise;           // one-cycle, cyclic: units of the rising part
  float fall;           // one-cycle: units of the first fall, where there are two
  uint rows;            // of the table
PARAMS_END

SPEC_BEGIN(Schedule, 32)
SPEC(1, uint, kind, 0)
SPEC(2, uint, by_epoch, 0)  // a unit is an epoch, else a step
SPEC(3, uint, linear, 0)    // one-cycle: along lines
SPEC_END
