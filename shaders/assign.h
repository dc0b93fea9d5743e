#include "common/shared.h"

PARAMS_BEGIN(Assign)
uint words;
PARAMS_END

SPEC_BEGIN(Assign, 64)
SPEC_END
