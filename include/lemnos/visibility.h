// Exports of a shared library: declarations between LEMNOS_BEGIN_PUBLIC and LEMNOS_END_PUBLIC. Everything else is
// hidden, and so is a LEMNOS_HIDDEN template between them, which each user instantiates.
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
