// Any bytes are either a table or an Error whose message names the file.
#include "fuzz.h"
#include "io/csv.h"

FUZZ_READER(lemnos::io::parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name))
