// Inner loops over panels and rows that the compiler vectorises.
//
// They are in C for one reason: `target_clones` compiles each for several instruction sets and picks one when the
// program starts, so that a build for any x86-64 still uses AVX-512 where there is one.
//
// No function allocates, keeps a pointer, or writes outside what its parameters say. Sources of raw bytes may have any
// alignment; typed pointers have their type's. Nothing overlaps.

#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "CTriangles.h"

/// How the numbers of a message are stored, little-endian.
typedef enum {
    KERNEL_F16,
    KERNEL_BF16,
    KERNEL_F32,
    KERNEL_F64,
} kernel_element;

/// What centring a panel finds out on the way.
typedef struct {
    /// The sum over the panel's columns of the squared mean.
    double squared_means;
    /// Whether any centred entry differs from zero.
    bool varies;
} kernel_panel_summary;

/// The sums of a row.
typedef struct {
    double sum;
    double squares;
} kernel_row_sums;

/// Widens `columns` neighbouring columns of a row-major matrix into `panel` and subtracts each column's mean.
///
/// The rows of the source are `source_stride` bytes apart, those of the panel `panel_stride` numbers. `means` has room
/// for `columns` numbers and afterwards holds the means.
///
/// A mean is that of the differences from the first row, plus the first row: a constant column becomes exactly zero,
/// and the partial sums do not grow with the mean. Its rounding is the same for every row of the column, so no
/// estimate that ignores a shift sees it. Every number is multiplied by `scale` first.
kernel_panel_summary kernel_center_panel_f32(const void *source, size_t source_stride, kernel_element element,
                                             size_t rows, size_t columns, float scale, float *panel,
                                             size_t panel_stride, float *means);
kernel_panel_summary kernel_center_panel_f64(const void *source, size_t source_stride, kernel_element element,
                                             size_t rows, size_t columns, double scale, double *panel,
                                             size_t panel_stride, double *means);

/// Converts `count` numbers, each multiplied by `scale`.
void kernel_convert_f32(const void *source, kernel_element element, size_t count, float scale, float *result);
void kernel_convert_f64(const void *source, kernel_element element, size_t count, double scale, double *result);

/// The largest magnitude among `count` numbers; infinity or NaN where any of them is.
float kernel_largest_magnitude_f32(const void *source, kernel_element element, size_t count);
double kernel_largest_magnitude_f64(const void *source, kernel_element element, size_t count);

/// Adds a row to `totals`, number by number, and returns the sums of the row itself.
kernel_row_sums kernel_add_row_f32(const float *row, size_t count, double *totals);
kernel_row_sums kernel_add_row_f64(const double *row, size_t count, double *totals);

/// The sum of (row[j] − offset − offsets[j])².
double kernel_centered_squares_f32(const float *row, size_t count, double offset, const double *offsets);
double kernel_centered_squares_f64(const double *row, size_t count, double offset, const double *offsets);

/// Replaces row[j] by (row[j] − offset − offsets[j]) · scale.
void kernel_center_row_f32(float *row, size_t count, double offset, const double *offsets, double scale);
void kernel_center_row_f64(double *row, size_t count, double offset, const double *offsets, double scale);

#endif
