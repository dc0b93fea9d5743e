#include "norm_rows.h"
