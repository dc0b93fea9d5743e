// What a shared library shows: declarations between LEMNOS_BEGIN_PUBLIC and LEMNOS_END_PUBLIC. Everything else is
// compiled hidden, and so is a LEMNOS_HIDDEN template between them, which everybody instantiates for themselves.
#pragma once

#if defined(__GNUC__)
#define LEMNOS_BEGIN_PUBLIC _Pragma("GCC visibility push(default)")
#define LEMNOS_END_PUBLIC _Pragma("GCC visibility pop")
#define LEMNOS_HIDDEN __attribute__((visibility("hidden")))
#else
#define LEMNOS_BEGIN_PUBLIC
#define LEMNOS_END_PUBLIC
#define LEMNOS_HIDDEN
#endif
