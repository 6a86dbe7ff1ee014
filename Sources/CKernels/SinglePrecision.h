// All kernels in Float32. The including file, one for each level of the processor, defines
//
//     TABLE  the name of the table of them
//     GROUP, WIDE_GROUP  how many rows of a tile, and of two side by side, are summed at a time
//     MULTIPLY_PANELS_BY_F64  the name of the product in Float64 with matrices in Float32

#include "Elements.h"

#define SCALAR float
#define BITS uint32_t
#define SIGN_BIT 0x80000000u

#include "Vectors.h"

#include "KernelTemplate.h"

// The same for matrices that are computed in this precision.
#define FOR_MATRIX_ELEMENT(element, CALL)                                                                              \
    switch (element) {                                                                                                 \
    case KERNEL_F16:                                                                                                   \
        return CALL(KERNEL_F16);                                                                                       \
    case KERNEL_BF16:                                                                                                  \
        return CALL(KERNEL_BF16);                                                                                      \
    default:                                                                                                           \
        return CALL(KERNEL_F32);                                                                                       \
    }

#include "CenteringTemplate.h"

#define LOW_PAIRS 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define HIGH_PAIRS 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31

INLINE void transpose_quarters(vector *rows) {
    const vector low01 = __builtin_shufflevector(rows[0], rows[1], LOW_PAIRS);
    const vector high01 = __builtin_shufflevector(rows[0], rows[1], HIGH_PAIRS);
    const vector low23 = __builtin_shufflevector(rows[2], rows[3], LOW_PAIRS);
    const vector high23 = __builtin_shufflevector(rows[2], rows[3], HIGH_PAIRS);
    rows[0] = (vector)__builtin_shufflevector((quarters)low01, (quarters)low23, LOW_HALVES);
    rows[1] = (vector)__builtin_shufflevector((quarters)low01, (quarters)low23, HIGH_HALVES);
    rows[2] = (vector)__builtin_shufflevector((quarters)high01, (quarters)high23, LOW_HALVES);
    rows[3] = (vector)__builtin_shufflevector((quarters)high01, (quarters)high23, HIGH_HALVES);
}

#include "PackingTemplate.h"
#include "ProductTemplate.h"
#include "TriangleTemplate.h"

#define REAL float
#define MULTIPLY_PANELS static void multiply_panels_kernel

#include "PanelTemplate.h"

#include "BasisTemplate.h"

#include "KernelTableTemplate.h"
