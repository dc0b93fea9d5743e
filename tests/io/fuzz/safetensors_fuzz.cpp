// Any bytes are either named tensors or an Error whose message names the file.
#include "fuzz.h"
#include "io/safetensors.h"

FUZZ_READER(lemnos::io::parse_safetensors(bytes, name))
