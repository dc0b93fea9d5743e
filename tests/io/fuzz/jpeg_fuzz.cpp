// Any bytes are either an image or an Error whose message names the file.
#include "fuzz.h"
#include "io/jpeg.h"

FUZZ_READER(lemnos::io::parse_jpeg(bytes, name, 0))
