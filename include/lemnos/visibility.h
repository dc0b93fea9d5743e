// What a shared library shows: declarations between LEMNOS_BEGIN_PUBLIC and LEMNOS_END_PUBLIC. Everything else is
// compiled hidden.
#pragma once

#if defined(__GNUC__)
#define LEMNOS_BEGIN_PUBLIC _Pragma("GCC visibility push(default)")
#define LEMNOS_END_PUBLIC _Pragma("GCC visibility pop")
#else
#define LEMNOS_BEGIN_PUBLIC
#define LEMNOS_END_PUBLIC
#endif
