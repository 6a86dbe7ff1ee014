// The kernels of one precision, compiled for one level of the processor.

#ifndef KERNEL_TABLE_H
#define KERNEL_TABLE_H

#include "CKernels.h"

/// What the functions of CKernels.h call: each does what the one of its name says there.
typedef struct {
    kernel_panel_summary (*pack_centered)(const void *source, size_t source_stride, kernel_element element, size_t rows,
                                          size_t columns, double scale, scalars *packed, scalars *means);
    void (*pack)(const uintptr_t *rows, size_t offset, kernel_element element, size_t row_count, size_t columns,
                 scalars *packed);
    void (*multiply_blocks)(const scalars *rows, size_t row_count, const scalars *columns, size_t column_count,
                            size_t depth, bool is_triangle, scalars *result, size_t stride, bool is_adding,
                            const kernel_upcoming *upcoming);
    void (*convert)(const void *source, kernel_element element, size_t count, double scale, scalars *result);
    double (*largest_magnitude)(const void *source, kernel_element element, size_t count);
    void (*add_rows)(const scalars *matrix, size_t stride, size_t rows, size_t columns, bool is_triangle,
                     double *totals, size_t total_columns);
    double (*symmetric_sums)(const kernel_symmetric *matrix, double *sums, double *diagonal);
    double (*center_triangle)(const kernel_symmetric *matrix, const double *offsets, scalars *triangle);
    double (*fold_centered_triangle)(const kernel_symmetric *matrix, const double *offsets, scalars *triangle,
                                     const double *diagonal, scalars *panels);
    void (*multiply_panels)(const scalars *panels, size_t n, const scalars *x, scalars *y);
    void (*multiply_panels_by_f64)(const scalars *panels, size_t n, const scalars *x, scalars *y);
    kernel_remainder (*orthonormalize)(scalars *basis, size_t fixed, size_t first, size_t count, size_t n);
    double (*remove_outer_product)(const scalars *triangle, size_t n, double lambda, const scalars *u,
                                   const scalars *offsets, scalars *result);
} kernel_table;

extern const kernel_table kernel_table_f32_baseline, kernel_table_f64_baseline;
void kernel_multiply_panels_by_f64_baseline(const scalars *panels, size_t n, const scalars *x, scalars *y);
#ifdef __x86_64__
extern const kernel_table kernel_table_f32_v3, kernel_table_f64_v3;
extern const kernel_table kernel_table_f32_v4, kernel_table_f64_v4;
void kernel_multiply_panels_by_f64_v3(const scalars *panels, size_t n, const scalars *x, scalars *y);
void kernel_multiply_panels_by_f64_v4(const scalars *panels, size_t n, const scalars *x, scalars *y);
#endif

#endif
