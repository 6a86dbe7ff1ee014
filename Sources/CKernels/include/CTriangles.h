// Loops over a symmetric matrix of which only the part right of the diagonal is stored, row by row.
//
// A matrix of n rows has n(n − 1)/2 such entries; its diagonal is given apart, in Float64.

#ifndef CTRIANGLES_H
#define CTRIANGLES_H

#include <stddef.h>

#include "CKernels.h"

/// What a step of the Lanczos process has found.
typedef struct {
    /// The coefficient of the vector itself, xᵀ A x.
    double alpha;
    /// The squared length of what is left.
    double squares;
} kernel_lanczos_step;

/// One step of the Lanczos process in the space orthogonal to (1, …, 1) and to `excluded`.
///
/// Computes y = A x − α x − β p without its components along (1, …, 1) and `excluded`. `x` and `excluded` have unit
/// length, or `excluded` is zero; both are orthogonal to (1, …, 1). All vectors have `n` numbers and do not overlap,
/// but `previous` may be `x` where β is zero.
kernel_lanczos_step kernel_take_lanczos_step(kernel_element scalar, const scalars *triangle, size_t n,
                                             const double *diagonal, const double *x, const double *previous,
                                             double beta, const double *excluded, double *y);

/// Writes tᵢⱼ − λ uᵢ uⱼ + oᵢ + oⱼ for every entry of `triangle`, and returns the sum of the squares.
double kernel_remove_outer_product(kernel_element scalar, const scalars *triangle, size_t n, double lambda,
                                   const double *u, const double *offsets, scalars *result);

#endif
