// Any bytes are either an array or an Error whose message names the file.
#include "fuzz.h"
#include "io/npy.h"

FUZZ_READER(lemnos::io::parse_npy(bytes, name))
