// For x86-64-v4: AVX-512.

#ifdef __x86_64__

#include "Elements.h"

// 32 registers of a whole vector. A processor that multiplies two of them in each cycle reads two as well: with two
// tiles side by side, a number is read once for both.
#define GROUP LANES
#define WIDE_GROUP 8
#define TABLE kernel_table_f32_v4
#define MULTIPLY_PANELS_BY_F64 kernel_multiply_panels_by_f64_v4

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "SinglePrecision.h"
#pragma clang attribute pop

#endif
