// For x86-64-v3: AVX2, FMA and F16C.

#ifdef __x86_64__

#include "Elements.h"

// 16 registers of half a vector: 12 for sums, two for the column, one or two for what it is multiplied by.
#define GROUP 6
#define WIDE_GROUP 0
#define TABLE kernel_table_f32_v3
#define MULTIPLY_PANELS_BY_F64 kernel_multiply_panels_by_f64_v3

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "SinglePrecision.h"
#pragma clang attribute pop

#endif
