// Nothing but lemnos::Error leaves the library: what the standard library throws becomes one at the functions that
// users call and that touch files or take as much memory as they are asked for.
#pragma once

#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>

#include "base/system_reason.h"
#include "base/text.h"

namespace lemnos {

/// Runs `act` and returns what it returns. The message of another exception begins with `who`: a file, a function.
template <typename Act>
auto translated(const std::string& who, Act&& act) -> decltype(act()) {
  try {
    return act();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(ErrorCode::out_of_memory, who, ": out of memory");
  } catch (const std::length_error&) {
    fail(ErrorCode::out_of_memory, who, ": the requested size exceeds the address space");
  } catch (const std::filesystem::filesystem_error& error) {
    fail(ErrorCode::io, who, ": ", error.path1().string(), ": ", reason_of(error.code()));
  } catch (const std::exception& error) {
    fail(ErrorCode::internal, who, ": ", error.what());
  }
}

}  // namespace lemnos
