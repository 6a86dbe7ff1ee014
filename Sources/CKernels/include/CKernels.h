// Inner loops over panels, tiles and triangles.
//
// They are in C for one reason: each is compiled for several levels of the processor, and the highest that this one has
// is picked when the program runs, so that a build for any x86-64 still uses AVX-512 where there is one.
//
// No function allocates, keeps a pointer, or writes outside what its parameters say. Numbers of a message may have any
// alignment, all others that of their type, where nothing else is said. Nothing that is written overlaps anything else,
// but where a function takes the place of what it reads.
//
// `scalar` is the precision that a function computes in, KERNEL_F32 or KERNEL_F64: what is called `scalars` is of it.

#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How the numbers of a message are stored, little-endian.
typedef enum {
    KERNEL_F16,
    KERNEL_BF16,
    KERNEL_F32,
    KERNEL_F64,
} kernel_element;

/// What packing and centring a panel finds out on the way.
typedef struct {
    /// The sum over the panel's columns of the squared mean.
    double squared_means;
    /// Whether any centred entry differs from zero.
    bool varies;
} kernel_panel_summary;

/// Numbers that are packed next: of each of some rows `length` bytes, from `offset` on.
///
/// They are asked for and not read, unless they are copied: where there is nothing at an address, nothing happens.
typedef struct {
    const uintptr_t *rows;
    size_t row_count, offset, length;
    /// Where they are copied to, one row after the other; null where they are only asked for. Only whole lines of 64 bytes
    /// can be copied, so the length is that of some.
    void *copy;
} kernel_upcoming;

/// A symmetric matrix: a square, row by row, or packed, the upper triangle with the diagonal, row by row.
typedef struct {
    /// With any alignment.
    const void *numbers;
    kernel_element element;
    /// The number of rows.
    size_t n;
    /// The distance of a square's rows, in numbers; 0 where the matrix is packed.
    size_t stride;
    /// Whether numbers left of a square's diagonal are looked at, for NaN and infinity.
    bool is_whole;
    /// A power of two that all numbers are multiplied by.
    double scale;
} kernel_symmetric;

typedef void scalars;

/// The level of the processor whose kernels are used: `baseline`, `x86-64-v3` (AVX2) or `x86-64-v4` (AVX-512).
///
/// The highest that the processor has, or the lower one that the environment variable `LIVECKA_KERNELS` names: to test,
/// and to measure, what another machine would do. It is read once.
const char *kernel_level_name(void);

/// The highest level that the processor has.
const char *kernel_processor_level_name(void);

/// Widens `columns` neighbouring columns of a row-major matrix, multiplies by `scale` and subtracts each column's mean,
/// into blocks of 64 bytes' worth of rows side by side:
///
///     packed[block][column][lane] = matrix[block · lanes + lane][column]
///
/// The rows of the source are `source_stride` bytes apart. `packed` has room for `columns` numbers of whole blocks of
/// rows; rows that are not there become zero. `means` has room for `columns` numbers.
///
/// A mean is that of the differences from a number of the column, the median of three, and that number: of a constant
/// column it is exact, the sum does not grow with it, and one outlying row takes no digits from the sum of the others.
/// What rounds in a mean is the same for every row of the column, so no estimate that ignores a shift sees it.
kernel_panel_summary kernel_pack_centered(kernel_element scalar, const void *source, size_t source_stride,
                                          kernel_element element, size_t rows, size_t columns, double scale,
                                          scalars *packed, scalars *means);

/// Packs like the function above `columns` numbers of each of some rows, `offset` bytes behind the address of each, and
/// neither multiplies nor subtracts; rows that are not there become zero.
void kernel_pack(kernel_element scalar, const uintptr_t *rows, size_t offset, kernel_element element,
                 size_t row_count, size_t columns, scalars *packed);

/// Computes the products of every packed row of `rows` with every one of `columns`; with `is_adding` adds them to the
/// result.
///
/// With `is_triangle`, both are the same, and only blocks on and above the diagonal are computed; what lies below the
/// diagonal means nothing afterwards, nor does what lies beyond the rows. The result has room for whole blocks of rows,
/// `stride` numbers apart. Meanwhile `upcoming`, unless it is null, is asked for into the second-level cache, or copied.
void kernel_multiply_blocks(kernel_element scalar, const scalars *rows, size_t row_count, const scalars *columns,
                            size_t column_count, size_t depth, bool is_triangle, scalars *result, size_t stride,
                            bool is_adding, const kernel_upcoming *upcoming);

/// Converts `count` numbers, each multiplied by `scale`.
void kernel_convert(kernel_element scalar, const void *source, kernel_element element, size_t count, double scale,
                    scalars *result);

/// The largest magnitude among `count` numbers; infinity or NaN where any of them is.
double kernel_largest_magnitude(kernel_element scalar, const void *source, kernel_element element, size_t count);

/// Adds the rows of a matrix to those of a larger one in Float64.
///
/// With `is_triangle`, of each row only what is right of the diagonal, the diagonal included, is added. The rows of
/// the larger matrix are a packed upper triangle's: each one number shorter than the one before it. The first begins
/// at `totals`, and has `total_columns` numbers from there to the next one.
void kernel_add_rows(kernel_element scalar, const scalars *matrix, size_t stride, size_t rows, size_t columns,
                     bool is_triangle, double *totals, size_t total_columns);

/// Finds the sums of every row of a symmetric matrix without its diagonal, and the diagonal; returns the sum of all squares
/// off the diagonal.
///
/// The sum of the squares is NaN or infinite where any number off the diagonal is: of a whole matrix in either triangle.
double kernel_symmetric_sums(const kernel_symmetric *matrix, double *sums, double *diagonal);

/// Writes k[i][j] · scale − offsets[i] − offsets[j] for what is right of the diagonal, row by row, in Float64 where that is
/// what the matrix is stored in, else in Float32; returns the sum of the squares over both triangles.
double kernel_center_triangle(const kernel_symmetric *matrix, const double *offsets, scalars *triangle);

#include "CTriangles.h"

#endif
