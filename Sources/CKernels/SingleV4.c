// For x86-64-v4: AVX-512.

#ifdef __x86_64__

#include "Elements.h"

// 32 registers of a whole vector, of which one number is multiplied straight from memory.
#define GROUP LANES
#define TABLE kernel_table_f32_v4
#define MULTIPLY_PANELS_BY_F64 kernel_multiply_panels_by_f64_v4

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "SinglePrecision.h"
#pragma clang attribute pop

#endif
