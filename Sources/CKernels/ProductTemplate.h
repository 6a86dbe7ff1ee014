// Products between all rows of a matrix, for one precision. The including file defines, beside what KernelTemplate.h
// asks for,
//
//     GROUP       how many rows of a tile have room in the registers
//     WIDE_GROUP  how many rows of two tiles side by side have; 0 where one at a time is as fast
//
// Rows are packed as PackingTemplate.h draws. A tile of the result is LANES × LANES: for each column one vector, LANES
// rows of one block, is multiplied by single numbers of the other block. The order is that of Goto & van de Geijn,
// Anatomy of high-performance matrix multiplication, ACM TOMS 34(3), 2008, doi:10.1145/1356052.1356053, less what
// symmetry makes superfluous.

#include "FetchingAhead.h"

_Static_assert(2 * LANES <= FETCHING_STEP, "a step is a column at least");

// How many of the last columns are multiplied at a time.
#define FEW_COLUMNS 4

// Sums the products of `row_count` neighbouring numbers of one block with whole vectors of another one, or of two that
// are neighbours: as many as there are registers to sum them in.
INLINE void sum_products(const SCALAR *restrict columns, const size_t width, const SCALAR *restrict rows, size_t depth,
                         const size_t row_count, vector (*sums)[LANES], fetching *ahead) {
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        sums[0][row] = sums[1][row] = (vector){0};
    }
    for (size_t k = 0; k < depth;) {
        fetch_lines(ahead);
        for (const size_t end = step_end(k, depth, width * row_count); k < end; k++) {
            const SCALAR *const column = columns + k * LANES;
            const vector first = *(const loose_vector *)column;
            const vector second = width == 2 ? *(const loose_vector *)(column + depth * LANES) : (vector){0};
#pragma clang loop unroll(full)
            for (size_t row = 0; row < row_count; row++) {
                const SCALAR number = rows[k * LANES + row];
                sums[0][row] += first * number;
                if (width == 2) {
                    sums[1][row] += second * number;
                }
            }
        }
    }
}

// Some rows of a tile, or of two side by side.
INLINE void multiply_rows(const SCALAR *restrict columns, const size_t width, const SCALAR *restrict rows, size_t depth,
                          const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding,
                          fetching *ahead) {
    vector sums[2][LANES];
    sum_products(columns, width, rows, depth, row_count, sums, ahead);
#pragma clang loop unroll(full)
    for (size_t tile = 0; tile < width; tile++) {
#pragma clang loop unroll(full)
        for (size_t row = 0; row < row_count; row++) {
            loose_vector *const target = (loose_vector *)(result + row * stride + tile * LANES);
            *target = is_adding ? *target + sums[tile][row] : sums[tile][row];
        }
    }
}

// Some rows of half a tile.
INLINE void multiply_half_rows(const SCALAR *restrict columns, const SCALAR *restrict rows, size_t depth,
                               const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding,
                               fetching *ahead) {
    half_vector sums[LANES];
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        sums[row] = (half_vector){0};
    }
    for (size_t k = 0; k < depth;) {
        fetch_lines(ahead);
        for (const size_t end = step_end(k, depth, row_count); k < end; k++) {
            const half_vector column = *(const loose_half_vector *)(columns + k * LANES);
#pragma clang loop unroll(full)
            for (size_t row = 0; row < row_count; row++) {
                sums[row] += column * rows[k * LANES + row];
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        loose_half_vector *const target = (loose_half_vector *)(result + row * stride);
        *target = is_adding ? *target + sums[row] : sums[row];
    }
}

// A few columns of a tile, or of two below one another: the columns are multiplied as rows would be, and the products
// are written across.
INLINE void multiply_few_columns(const SCALAR *restrict columns, const SCALAR *restrict rows, const size_t width,
                                 size_t depth, SCALAR *restrict result, size_t stride, bool is_adding,
                                 fetching *ahead) {
    vector sums[2][LANES];
    sum_products(rows, width, columns, depth, FEW_COLUMNS, sums, ahead);
    for (size_t tile = 0; tile < width; tile++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            SCALAR *const target = result + (tile * LANES + lane) * stride;
            for (size_t column = 0; column < FEW_COLUMNS; column++) {
                target[column] = is_adding ? target[column] + sums[tile][column][lane] : sums[tile][column][lane];
            }
        }
    }
}

// A tile, or two side by side: as many rows at a time as the registers have room for.
INLINE void multiply_tile(const SCALAR *restrict columns, const size_t width, const SCALAR *restrict rows, size_t depth,
                          const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding,
                          fetching *ahead) {
    const size_t height = width == 2 ? WIDE_GROUP : GROUP;
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row += height) {
        const size_t count = row_count - row < height ? row_count - row : height;
        multiply_rows(columns, width, rows + row, depth, count, result + row * stride, stride, is_adding, ahead);
    }
}

// A tile on the diagonal: of the lower half of its rows, only the right half of the columns is above the diagonal.
INLINE void multiply_diagonal_tile(const SCALAR *restrict block, size_t depth, SCALAR *restrict result, size_t stride,
                                   bool is_adding, fetching *ahead) {
    const size_t half = LANES / 2;
    multiply_tile(block, 1, block, depth, half, result, stride, is_adding, ahead);
#pragma clang loop unroll(full)
    for (size_t row = half; row < LANES; row += 2 * GROUP) {
        const size_t count = LANES - row < 2 * GROUP ? LANES - row : 2 * GROUP;
        multiply_half_rows(block + half, block + row, depth, count, result + row * stride + half, stride, is_adding,
                           ahead);
    }
}

// The tiles of one or two blocks of columns, which stay in the first-level cache, with the first `row_count` rows.
INLINE void multiply_columns(const SCALAR *restrict columns, const size_t width, const SCALAR *restrict rows,
                             size_t row_count, size_t depth, SCALAR *restrict result, size_t stride, bool is_adding,
                             fetching *ahead) {
    for (size_t row = 0; row < row_count; row += LANES) {
        multiply_tile(columns, width, rows + row * depth, depth, LANES, result + row * stride, stride, is_adding,
                      ahead);
    }
}

// The last columns, where they are few, with the first `row_count` rows.
INLINE void multiply_last_columns(const SCALAR *restrict columns, size_t column_count, const SCALAR *restrict rows,
                                  size_t row_count, size_t depth, SCALAR *restrict result, size_t stride,
                                  bool is_adding, fetching *ahead) {
    for (size_t column = 0; column < column_count; column += FEW_COLUMNS) {
        size_t row = 0;
        for (; WIDE_GROUP > 0 && row + LANES < row_count; row += 2 * LANES) {
            multiply_few_columns(columns + column, rows + row * depth, 2, depth, result + row * stride + column, stride,
                                 is_adding, ahead);
        }
        for (; row < row_count; row += LANES) {
            multiply_few_columns(columns + column, rows + row * depth, 1, depth, result + row * stride + column, stride,
                                 is_adding, ahead);
        }
    }
}

// How many steps a product has.
INLINE size_t step_count(size_t row_count, size_t column_count, size_t depth, bool is_triangle) {
    const size_t last = column_count % LANES, few = last <= LANES / 2 ? last : 0;
    const size_t row_blocks = divide_up(row_count, LANES), column_blocks = divide_up(column_count - few, LANES);
    const size_t tiles = is_triangle ? column_blocks * (column_blocks + 1) / 2 : row_blocks * column_blocks;
    const size_t products = tiles * LANES + row_blocks * divide_up(few, FEW_COLUMNS) * FEW_COLUMNS;
    return products * depth / FETCHING_STEP;
}

// A last block of the columns that is at most half full is no block: what is not there would cost as much as what is. Of
// two blocks on the diagonal the first one's rows are multiplied by both: half a tile for nothing, which costs less than
// three products instead.
WHOLE_REGISTERS
static void multiply_blocks_kernel(const scalars *rows, size_t row_count, const scalars *columns, size_t column_count,
                                   size_t depth, bool is_triangle, scalars *result, size_t stride, bool is_adding,
                                   const kernel_upcoming *upcoming) {
    fetching ahead = start_fetching(upcoming, step_count(row_count, column_count, depth, is_triangle));
    for (size_t column = 0; column < column_count; column += LANES) {
        const SCALAR *const block = (const SCALAR *)columns + column * depth;
        SCALAR *const target = (SCALAR *)result + column, *const corner = target + column * stride;
        const size_t count = column_count - column, whole_rows = is_triangle ? column : row_count;
        if (WIDE_GROUP > 0 && count > LANES + LANES / 2) {
            const SCALAR *const next = block + LANES * depth;
            multiply_columns(block, 2, rows, whole_rows, depth, target, stride, is_adding, &ahead);
            if (is_triangle) {
                multiply_tile(block, 2, block, depth, LANES, corner, stride, is_adding, &ahead);
                multiply_diagonal_tile(next, depth, corner + LANES * (stride + 1), stride, is_adding, &ahead);
            }
            column += LANES;
        } else if (count > LANES / 2) {
            multiply_columns(block, 1, rows, whole_rows, depth, target, stride, is_adding, &ahead);
            if (is_triangle) {
                multiply_diagonal_tile(block, depth, corner, stride, is_adding, &ahead);
            }
        } else {
            multiply_last_columns(block, count, rows, row_count, depth, target, stride, is_adding, &ahead);
        }
    }
    finish_fetching(&ahead);
}
