// The kernels of either precision, as SinglePrecision.c and DoublePrecision.c define them.

#ifndef PRECISIONS_H
#define PRECISIONS_H

#include "CKernels.h"

#define DECLARE_KERNELS(suffix)                                                                                        \
    kernel_panel_summary kernel_pack_centered_##suffix(const void *source, size_t source_stride,                       \
                                                       kernel_element element, size_t rows, size_t columns,            \
                                                       double scale, scalars *packed, scalars *origin,                 \
                                                       scalars *means);                                                \
    void kernel_pack_##suffix(const void *source, size_t source_stride, kernel_element element, size_t rows,           \
                              size_t columns, scalars *packed);                                                        \
    void kernel_multiply_blocks_##suffix(const scalars *rows, size_t row_blocks, const scalars *columns,               \
                                         size_t column_blocks, size_t depth, bool is_triangle, scalars *result,        \
                                         size_t stride, bool is_adding);                                               \
    void kernel_convert_##suffix(const void *source, kernel_element element, size_t count, double scale,               \
                                 scalars *result);                                                                     \
    double kernel_largest_magnitude_##suffix(const void *source, kernel_element element, size_t count);                \
    double kernel_read_symmetric_##suffix(const void *source, kernel_element element, size_t n, bool is_packed,        \
                                          double scale, scalars *matrix, size_t stride);                               \
    void kernel_add_rows_##suffix(const scalars *matrix, size_t stride, size_t rows, size_t columns,                   \
                                  bool is_triangle, double *totals, size_t total_columns);                             \
    double kernel_triangle_sums_##suffix(const scalars *matrix, size_t stride, size_t n, double *sums);                \
    double kernel_triangle_squares_##suffix(const scalars *matrix, size_t stride, size_t n, const double *offsets);    \
    void kernel_center_triangle_##suffix(const scalars *matrix, size_t stride, size_t n, const double *offsets,        \
                                         double scale, kernel_element element, void *triangle);                        \
    void kernel_fold_triangle_##suffix(const scalars *triangle, size_t n, const double *diagonal, scalars *panels);     \
    void kernel_multiply_panels_##suffix(const scalars *panels, size_t n, const scalars *x, scalars *y);               \
    kernel_remainder kernel_orthonormalize_##suffix(scalars *basis, size_t count, size_t n);                           \
    double kernel_remove_outer_product_##suffix(const scalars *triangle, size_t n, double lambda, const double *u,     \
                                                const double *offsets, scalars *result);

DECLARE_KERNELS(f32)
DECLARE_KERNELS(f64)

void kernel_multiply_panels_f32_by_f64(const scalars *panels, size_t n, const scalars *x, scalars *y);

#undef DECLARE_KERNELS

#endif
