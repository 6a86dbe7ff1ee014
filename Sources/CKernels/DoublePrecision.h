// All kernels in Float64. The including file, one for each level of the processor, defines
//
//     TABLE  the name of the table of them
//     GROUP, WIDE_GROUP  how many rows of a tile, and of two side by side, are summed at a time

#include "Elements.h"

#define SCALAR double
#define BITS uint64_t
#define SIGN_BIT 0x8000000000000000ull

#include "Vectors.h"

#include "KernelTemplate.h"

// Matrices that are computed in this precision are stored in it.
#define FOR_MATRIX_ELEMENT(element, CALL) return CALL(KERNEL_F64);

#include "CenteringTemplate.h"

INLINE void transpose_quarters(vector *rows) {
    const vector low = __builtin_shufflevector(rows[0], rows[1], LOW_HALVES);
    rows[1] = __builtin_shufflevector(rows[0], rows[1], HIGH_HALVES);
    rows[0] = low;
}

#include "PackingTemplate.h"
#include "ProductTemplate.h"
#include "TriangleTemplate.h"

#define REAL double
#define MULTIPLY_PANELS static void multiply_panels_kernel

#include "PanelTemplate.h"

#include "BasisTemplate.h"

#define MULTIPLY_PANELS_BY_F64 multiply_panels_kernel

#include "KernelTableTemplate.h"
