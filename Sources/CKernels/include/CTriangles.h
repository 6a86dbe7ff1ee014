// Loops over a symmetric matrix of which only the part right of the diagonal is stored, row by row.
//
// A matrix of n rows has n(n − 1)/2 such entries; its diagonal is given apart, in Float64.

#ifndef CTRIANGLES_H
#define CTRIANGLES_H

#include <stddef.h>

#include "CKernels.h"

/// What is left of a vector without its components along others.
typedef struct {
    /// The component along the last of the others.
    double along_last;
    /// The length of what is left.
    double length;
} kernel_remainder;

/// Does what `kernel_center_triangle` does, and writes the result with a diagonal in the order in which a product reads it,
/// too: folded.
///
/// Tiles are as wide as 64 bytes of entries, w of them. Four rows make a panel; of each, the columns from the tile on the
/// diagonal on are there, that tile itself whole:
///
///     panels = (panel, tile of ⌊4 · panel / w⌋ ... , row of 4, column of w)
///
/// Rows and columns beyond n, up to a multiple m of w, are zero: m(m + w)/2 numbers, aligned to 64 bytes.
double kernel_fold_centered_triangle(const kernel_symmetric *matrix, const double *offsets, scalars *triangle,
                                     const double *diagonal, scalars *panels);

/// Multiplies a folded matrix by a vector, y = A x.
///
/// `scalar` is the precision of the vectors, `entries` that of the matrix, which may be the lower one. Both vectors are
/// aligned to 64 bytes and have n numbers rounded up to whole tiles; `x` is zero beyond n, and `y` will be.
void kernel_multiply_panels(kernel_element entries, kernel_element scalar, const scalars *panels, size_t n,
                            const scalars *x, scalars *y);

/// Takes from the vector behind the first `count` of a basis its components along the first `fixed` of these and along
/// those from `first` on, and gives it unit length.
///
/// The basis has a vector of `n` numbers in each row; its first `count` ones have unit length, and are orthogonal to
/// half of their digits at least. They are aligned to 64 bytes, and `n` numbers are a multiple of as many. Where nothing is
/// left of the vector, it becomes zero.
kernel_remainder kernel_orthonormalize(kernel_element scalar, scalars *basis, size_t fixed, size_t first, size_t count,
                                       size_t n);

/// Writes tᵢⱼ − λ uᵢ uⱼ + oᵢ + oⱼ for every entry of `triangle`, and returns the sum of the squares.
///
/// λ uᵢ is rounded to the precision of the entries, in which all of it is computed; rows' squares are added up in Float64.
double kernel_remove_outer_product(kernel_element scalar, const scalars *triangle, size_t n, double lambda,
                                   const scalars *u, const scalars *offsets, scalars *result);

#endif
