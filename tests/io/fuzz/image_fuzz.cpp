// Any bytes are either an image or an Error whose message names the file.
#include "fuzz.h"
#include "io/image.h"

FUZZ_READER(lemnos::io::parse_image(bytes, name))
