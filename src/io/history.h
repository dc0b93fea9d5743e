// The class is public: lemnos/history.h.
#pragma once

#include "lemnos/history.h"
