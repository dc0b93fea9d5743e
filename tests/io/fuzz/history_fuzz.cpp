// Any bytes are either a history, which then survives being written and read again, or an Error whose message names the
// file.
#include "fuzz.h"
#include "io/history.h"

namespace {

void round_trip(const std::string& text, const std::string& name) {
  const std::string once = lemnos::io::to_json(lemnos::io::history_from_json(text, name));
  if (lemnos::io::to_json(lemnos::io::history_from_json(once, name)) != once) std::abort();
}

}  // namespace

FUZZ_READER(round_trip(std::string(bytes.begin(), bytes.end()), name))
