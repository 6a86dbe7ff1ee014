// One name for the kernels of both precisions.

#include "Precisions.h"

#define KERNEL(name) (scalar == KERNEL_F64 ? kernel_##name##_f64 : kernel_##name##_f32)

kernel_panel_summary kernel_pack_centered(kernel_element scalar, const void *source, size_t source_stride,
                                          kernel_element element, size_t rows, size_t columns, double scale,
                                          scalars *packed, scalars *origin, scalars *means) {
    return KERNEL(pack_centered)(source, source_stride, element, rows, columns, scale, packed, origin, means);
}

void kernel_pack(kernel_element scalar, const void *source, size_t source_stride, kernel_element element, size_t rows,
                 size_t columns, scalars *packed) {
    KERNEL(pack)(source, source_stride, element, rows, columns, packed);
}

void kernel_multiply_blocks(kernel_element scalar, const scalars *rows, size_t row_blocks, const scalars *columns,
                            size_t column_blocks, size_t depth, bool is_triangle, scalars *result, size_t stride,
                            bool is_adding) {
    KERNEL(multiply_blocks)(rows, row_blocks, columns, column_blocks, depth, is_triangle, result, stride, is_adding);
}

void kernel_convert(kernel_element scalar, const void *source, kernel_element element, size_t count, double scale,
                    scalars *result) {
    KERNEL(convert)(source, element, count, scale, result);
}

double kernel_largest_magnitude(kernel_element scalar, const void *source, kernel_element element, size_t count) {
    return KERNEL(largest_magnitude)(source, element, count);
}

double kernel_read_symmetric(kernel_element scalar, const void *source, kernel_element element, size_t n,
                             bool is_packed, double scale, scalars *matrix, size_t stride) {
    return KERNEL(read_symmetric)(source, element, n, is_packed, scale, matrix, stride);
}

void kernel_add_rows(kernel_element scalar, const scalars *matrix, size_t stride, size_t rows, size_t columns,
                     bool is_triangle, double *totals, size_t total_columns) {
    KERNEL(add_rows)(matrix, stride, rows, columns, is_triangle, totals, total_columns);
}

double kernel_triangle_sums(kernel_element scalar, const scalars *matrix, size_t stride, size_t n, double *sums) {
    return KERNEL(triangle_sums)(matrix, stride, n, sums);
}

double kernel_triangle_squares(kernel_element scalar, const scalars *matrix, size_t stride, size_t n,
                               const double *offsets) {
    return KERNEL(triangle_squares)(matrix, stride, n, offsets);
}

void kernel_center_triangle(kernel_element scalar, const scalars *matrix, size_t stride, size_t n,
                            const double *offsets, double scale, kernel_element element, void *triangle) {
    KERNEL(center_triangle)(matrix, stride, n, offsets, scale, element, triangle);
}

void kernel_fold_triangle(kernel_element scalar, const scalars *triangle, size_t n, const double *diagonal,
                          scalars *panels) {
    KERNEL(fold_triangle)(triangle, n, diagonal, panels);
}

void kernel_multiply_panels(kernel_element entries, kernel_element scalar, const scalars *panels, size_t n,
                            const scalars *x, scalars *y) {
    if (entries == scalar) {
        KERNEL(multiply_panels)(panels, n, x, y);
    } else {
        kernel_multiply_panels_f32_by_f64(panels, n, x, y);
    }
}

kernel_remainder kernel_orthonormalize(kernel_element scalar, scalars *basis, size_t count, size_t n) {
    return KERNEL(orthonormalize)(basis, count, n);
}

double kernel_remove_outer_product(kernel_element scalar, const scalars *triangle, size_t n, double lambda,
                                   const double *u, const double *offsets, scalars *result) {
    return KERNEL(remove_outer_product)(triangle, n, lambda, u, offsets, result);
}
