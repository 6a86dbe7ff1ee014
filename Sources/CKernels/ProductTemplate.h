// Products between all rows of a matrix, for one precision. The including file defines, beside what KernelTemplate.h
// asks for,
//
//     GROUP                     how many rows of a tile have room in the registers
//     WIDE_GROUP                how many rows of two tiles side by side have; 0 where one at a time is as fast
//     transpose_quarters(rows)  transposes, in each quarter of a vector's 64 bytes, as many rows as that has numbers
//
// A symmetric product needs its one matrix on both sides. So it is packed once, in blocks of as many rows as a vector
// has lanes:
//
//     packed[block][column][lane] = matrix[block · LANES + lane][column]
//
// A tile of the result is LANES × LANES: for each column one vector, LANES rows of one block, is multiplied by single
// numbers of the other block. The order is that of Goto & van de Geijn, Anatomy of high-performance matrix
// multiplication, ACM TOMS 34(3), 2008, doi:10.1145/1356052.1356053, less what symmetry makes superfluous.

#include "FetchingAhead.h"

_Static_assert(2 * LANES <= FETCHING_STEP, "a step is a column at least");

// How many of the last columns are multiplied at a time.
#define FEW_COLUMNS 4

// How many neighbouring vectors of columns are summed together: as many lines as a processor asks for by itself.
#define SUMMED_VECTORS 8

// Two quarters of the first vector and two of the second.
#define EVEN_QUARTERS 0, 1, 4, 5, 8, 9, 12, 13
#define ODD_QUARTERS 2, 3, 6, 7, 10, 11, 14, 15

// Transposes as many rows as a vector has lanes: first within the quarters of each vector, then the quarters.
//
// Written so that every shuffle is one instruction and no more than a few vectors beside the rows are alive.
INLINE void transpose(vector *rows) {
#pragma clang loop unroll(full)
    for (size_t first = 0; first < LANES; first += LANES / 4) {
        transpose_quarters(rows + first);
    }
#pragma clang loop unroll(full)
    for (size_t lane = 0; lane < LANES / 4; lane++) {
        quarters *const row0 = (quarters *)(rows + lane), *const row1 = (quarters *)(rows + lane + LANES / 4),
                       *const row2 = (quarters *)(rows + lane + LANES / 2),
                       *const row3 = (quarters *)(rows + lane + LANES / 4 * 3);
        const quarters even01 = __builtin_shufflevector(*row0, *row1, EVEN_QUARTERS);
        const quarters odd01 = __builtin_shufflevector(*row0, *row1, ODD_QUARTERS);
        const quarters even23 = __builtin_shufflevector(*row2, *row3, EVEN_QUARTERS);
        const quarters odd23 = __builtin_shufflevector(*row2, *row3, ODD_QUARTERS);
        *row0 = __builtin_shufflevector(even01, even23, EVEN_QUARTERS);
        *row1 = __builtin_shufflevector(odd01, odd23, EVEN_QUARTERS);
        *row2 = __builtin_shufflevector(even01, even23, ODD_QUARTERS);
        *row3 = __builtin_shufflevector(odd01, odd23, ODD_QUARTERS);
    }
}

// Packs up to LANES rows less the means, unless there are none; where there are fewer, the other lanes are zero.
//
// A square stays in registers as long as no lane of it is counted: the last columns are written one by one.
INLINE void pack_block(const unsigned char *const *sources, kernel_element element, const size_t rows, size_t columns,
                       SCALAR scale, const SCALAR *restrict means, SCALAR *restrict packed) {
    size_t column = 0;
    for (; column + LANES <= columns; column += LANES) {
        const vector mean = means != NULL ? *(const loose_vector *)(means + column) : (vector){0};
        vector square[LANES];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < LANES; row++) {
            square[row] = (vector){0};
            if (row < rows) {
                load_vector(sources[row], element, column, &square[row]);
                square[row] = square[row] * scale - mean;
            }
        }
        transpose(square);
#pragma clang loop unroll(full)
        for (size_t lane = 0; lane < LANES; lane++) {
            *(loose_vector *)(packed + (column + lane) * LANES) = square[lane];
        }
    }
    for (; column < columns; column++) {
        const SCALAR mean = means != NULL ? means[column] : 0;
        for (size_t row = 0; row < LANES; row++) {
            packed[column * LANES + row] = row < rows ? load(sources[row], element, column) * scale - mean : 0;
        }
    }
}

// Packs rows that are anywhere.
INLINE void pack_rows(const uintptr_t *rows, size_t offset, kernel_element element, size_t row_count, size_t columns,
                      SCALAR *restrict packed) {
    for (size_t row = 0; row < row_count; row += LANES) {
        const size_t count = row_count - row < LANES ? row_count - row : LANES;
        const unsigned char *sources[LANES];
        for (size_t lane = 0; lane < count; lane++) {
            sources[lane] = (const unsigned char *)(rows[row + lane] + offset);
        }
        if (count == LANES) {
            pack_block(sources, element, LANES, columns, 1, NULL, packed + row * columns);
        } else {
            pack_block(sources, element, count, columns, 1, NULL, packed + row * columns);
        }
    }
}

WHOLE_REGISTERS
static void pack_kernel(const uintptr_t *rows, size_t offset, kernel_element element, size_t row_count, size_t columns,
                        scalars *packed) {
#define PACK(constant) pack_rows(rows, offset, constant, row_count, columns, packed)
    FOR_ELEMENT(element, PACK)
#undef PACK
}

// For each column the median of three rows: one of the numbers, and no outlier.
INLINE void choose_origin(const unsigned char *source, size_t source_stride, kernel_element element, size_t rows,
                          size_t columns, SCALAR scale, SCALAR *restrict origin) {
    const unsigned char *const middle = source + rows / 2 * source_stride;
    const unsigned char *const last = source + (rows - 1) * source_stride;
    for (size_t column = 0; column < columns; column++) {
        const SCALAR a = load(source, element, column);
        const SCALAR b = load(middle, element, column);
        const SCALAR c = load(last, element, column);
        const SCALAR low = a < b ? a : b;
        const SCALAR high = a < b ? b : a;
        const SCALAR below = high < c ? high : c;
        origin[column] = (low > below ? low : below) * scale;
    }
}

// Adds up, over all rows, what `count` neighbouring vectors of columns differ from the origin in, and collects the bits
// of all differences. A row's vectors lie in neighbouring lines, and so are read together.
INLINE void sum_differences(const unsigned char *source, size_t source_stride, kernel_element element, size_t rows,
                            const size_t count, SCALAR scale, const SCALAR *restrict origin, SCALAR *restrict sums,
                            bits_vector *bits) {
    vector first[SUMMED_VECTORS], sum[SUMMED_VECTORS];
    bits_vector any = *bits;
#pragma clang loop unroll(full)
    for (size_t index = 0; index < count; index++) {
        first[index] = *(const loose_vector *)(origin + index * LANES);
        sum[index] = (vector){0};
    }
    for (size_t row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (size_t index = 0; index < count; index++) {
            vector numbers;
            load_vector(source + row * source_stride, element, index * LANES, &numbers);
            const vector difference = numbers * scale - first[index];
            sum[index] += difference;
            any |= (bits_vector)difference;
        }
    }
#pragma clang loop unroll(full)
    for (size_t index = 0; index < count; index++) {
        *(loose_vector *)(sums + index * LANES) = sum[index];
    }
    *bits = any;
}

// The means of up to SUMMED_VECTORS vectors of columns: those of the differences from the origin, and the origin. Where
// a number differs from the origin, it differs from the mean or another one does.
INLINE void find_some_means(const unsigned char *source, size_t source_stride, kernel_element element, size_t rows,
                            size_t columns, SCALAR scale, SCALAR *restrict means, kernel_panel_summary *summary) {
    SCALAR origin[SUMMED_VECTORS * LANES], sums[SUMMED_VECTORS * LANES];
    choose_origin(source, source_stride, element, rows, columns, scale, origin);
    bits_vector bits = {0};
    size_t column = 0;
    if (columns == SUMMED_VECTORS * LANES) {
        sum_differences(source, source_stride, element, rows, SUMMED_VECTORS, scale, origin, sums, &bits);
        column = columns;
    }
    for (; column + LANES <= columns; column += LANES) {
        sum_differences(source + column * element_size(element), source_stride, element, rows, 1, scale,
                        origin + column, sums + column, &bits);
    }
    for (; column < columns; column++) {
        sums[column] = 0;
        for (size_t row = 0; row < rows; row++) {
            const SCALAR difference = load(source + row * source_stride, element, column) * scale - origin[column];
            sums[column] += difference;
            bits[0] |= magnitude_bits(difference);
        }
    }
    bits &= ~SIGN_BIT;
    summary->varies |= __builtin_reduce_or(bits) != 0;
    {
#pragma clang fp reassociate(on)
        for (size_t index = 0; index < columns; index++) {
            const double mean = (double)origin[index] + (double)(sums[index] / (SCALAR)rows);
            summary->squared_means += mean * mean;
            means[index] = (SCALAR)mean;
        }
    }
}

INLINE kernel_panel_summary find_means(const unsigned char *source, size_t source_stride, kernel_element element,
                                       size_t rows, size_t columns, SCALAR scale, SCALAR *restrict means) {
    kernel_panel_summary summary = {0, false};
    for (size_t column = 0; column < columns; column += SUMMED_VECTORS * LANES) {
        const size_t left = columns - column;
        find_some_means(source + column * element_size(element), source_stride, element, rows,
                        left < SUMMED_VECTORS * LANES ? left : SUMMED_VECTORS * LANES, scale, means + column, &summary);
    }
    return summary;
}

// Packs neighbouring rows less the means.
INLINE void pack_matrix(const unsigned char *source, size_t source_stride, kernel_element element, size_t rows,
                        size_t columns, SCALAR scale, const SCALAR *restrict means, SCALAR *restrict packed) {
    for (size_t row = 0; row < rows; row += LANES) {
        const unsigned char *sources[LANES];
        for (size_t lane = 0; lane < LANES && row + lane < rows; lane++) {
            sources[lane] = source + (row + lane) * source_stride;
        }
        if (row + LANES <= rows) {
            pack_block(sources, element, LANES, columns, scale, means, packed + row * columns);
        } else {
            pack_block(sources, element, rows - row, columns, scale, means, packed + row * columns);
        }
    }
}

// The means first, while the panel comes into the cache, then everything else.
INLINE kernel_panel_summary pack_centered(const unsigned char *source, size_t source_stride, kernel_element element,
                                          size_t rows, size_t columns, SCALAR scale, SCALAR *restrict packed,
                                          SCALAR *restrict means) {
    const kernel_panel_summary summary = find_means(source, source_stride, element, rows, columns, scale, means);
    pack_matrix(source, source_stride, element, rows, columns, scale, means, packed);
    return summary;
}

WHOLE_REGISTERS
static kernel_panel_summary pack_centered_kernel(const void *source, size_t source_stride, kernel_element element,
                                                 size_t rows, size_t columns, double scale, scalars *packed,
                                                 scalars *means) {
#define PACK_CENTERED(constant)                                                                                        \
    pack_centered(source, source_stride, constant, rows, columns, (SCALAR)scale, packed, means)
    FOR_ELEMENT(element, PACK_CENTERED)
#undef PACK_CENTERED
}

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
}
