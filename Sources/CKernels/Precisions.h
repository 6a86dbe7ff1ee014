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
    kernel_row_sums kernel_add_row_##suffix(const scalars *row, size_t count, double *totals);                         \
    double kernel_centered_squares_##suffix(const scalars *row, size_t count, double offset, const double *offsets);   \
    void kernel_center_row_##suffix(scalars *row, size_t count, double offset, const double *offsets, double scale);

DECLARE_KERNELS(f32)
DECLARE_KERNELS(f64)

#undef DECLARE_KERNELS

#endif
