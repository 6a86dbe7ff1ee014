#include "Elements.h"

#define SCALAR double
#define BITS uint64_t
#define SIGN_BIT 0x8000000000000000ull
#define KERNEL(name) kernel_##name##_f64

#include "KernelTemplate.h"
#include "Vectors.h"

INLINE void transpose_quarters(vector *rows) {
    const vector low = __builtin_shufflevector(rows[0], rows[1], LOW_HALVES);
    rows[1] = __builtin_shufflevector(rows[0], rows[1], HIGH_HALVES);
    rows[0] = low;
}

#include "ProductTemplate.h"
