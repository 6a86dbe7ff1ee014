// For x86-64-v3: AVX2, FMA and F16C.

#ifdef __x86_64__

#include "Elements.h"

#define MULTIPLY_PANELS void kernel_multiply_panels_by_f64_v3

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "MixedPrecision.h"
#pragma clang attribute pop

#endif
