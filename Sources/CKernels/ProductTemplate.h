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

// How far ahead, in bytes, a row is asked for, into the second-level cache: rows that are a power of two apart
// would push each other out of the first. No processor guesses the pieces of rows that a panel takes.
#define PREFETCH_DISTANCE 512

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

// Adds up the rows of a square, transposes it, and writes the first `count` of its columns.
INLINE void pack_square(vector *square, const size_t count, SCALAR *restrict sums, SCALAR *restrict packed) {
    if (sums != NULL) {
        vector sum = {0};
#pragma clang loop unroll(full)
        for (size_t row = 0; row < LANES; row += 2) {
            sum += square[row] + square[row + 1];
        }
        *(loose_vector *)sums += sum;
    }
    transpose(square);
#pragma clang loop unroll(full)
    for (size_t lane = 0; lane < LANES; lane++) {
        if (lane < count) {
            *(loose_vector *)(packed + lane * LANES) = square[lane];
        }
    }
}

// Packs up to LANES rows less the origin; where there are fewer, the other lanes are zero. The columns' sums are added
// to `sums`. Without `origin`, nothing is subtracted and nothing summed.
//
// Whole squares stay in registers: one whose lanes are counted lies in memory, and is therefore another variable.
INLINE void pack_block(const unsigned char *const *sources, kernel_element element, const size_t rows, size_t columns,
                       SCALAR scale, const SCALAR *restrict origin, SCALAR *restrict sums,
                       SCALAR *restrict packed) {
    size_t column = 0;
    for (; column + LANES <= columns; column += LANES) {
        const vector first = origin != NULL ? *(const loose_vector *)(origin + column) : (vector){0};
        vector square[LANES];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < LANES; row++) {
            square[row] = (vector){0};
            if (row < rows) {
                const unsigned char *const numbers = sources[row];
                __builtin_prefetch(numbers + column * element_size(element) + PREFETCH_DISTANCE, 0, 2);
                vector wide;
#pragma clang loop unroll(full)
                for (size_t lane = 0; lane < LANES; lane++) {
                    wide[lane] = load(numbers, element, column + lane) * scale;
                }
                square[row] = wide - first;
            }
        }
        pack_square(square, LANES, origin != NULL ? sums + column : NULL, packed + column * LANES);
    }
    if (column < columns) {
        const size_t count = columns - column;
        const vector first = origin != NULL ? *(const loose_vector *)(origin + column) : (vector){0};
        vector square[LANES];
        for (size_t row = 0; row < LANES; row++) {
            square[row] = (vector){0};
            for (size_t lane = 0; row < rows && lane < count; lane++) {
                square[row][lane] = load(sources[row], element, column + lane) * scale - first[lane];
            }
        }
        pack_square(square, count, origin != NULL ? sums + column : NULL, packed + column * LANES);
    }
}

// Packs rows that are anywhere.
INLINE void pack_rows(const unsigned char *const *sources, kernel_element element, size_t rows, size_t columns,
                      SCALAR *restrict packed) {
    size_t row = 0;
    for (; row + LANES <= rows; row += LANES) {
        pack_block(sources + row, element, LANES, columns, 1, NULL, NULL, packed + row * columns);
    }
    if (row < rows) {
        pack_block(sources + row, element, rows - row, columns, 1, NULL, NULL, packed + row * columns);
    }
}

WHOLE_REGISTERS
static void pack_kernel(const void *const *rows, kernel_element element, size_t row_count, size_t columns,
                        scalars *packed) {
#define PACK(constant) pack_rows((const unsigned char *const *)rows, constant, row_count, columns, packed)
    FOR_ELEMENT(element, PACK)
#undef PACK
}

// Packs neighbouring rows less the origin, and adds up their columns.
INLINE void pack_matrix(const unsigned char *source, size_t source_stride, kernel_element element, size_t rows,
                        size_t columns, SCALAR scale, const SCALAR *restrict origin, SCALAR *restrict sums,
                        SCALAR *restrict packed) {
    for (size_t row = 0; row < rows; row += LANES) {
        const unsigned char *sources[LANES];
        for (size_t lane = 0; lane < LANES; lane++) {
            sources[lane] = source + (row + lane) * source_stride;
        }
        if (row + LANES <= rows) {
            pack_block(sources, element, LANES, columns, scale, origin, sums, packed + row * columns);
        } else {
            pack_block(sources, element, rows - row, columns, scale, origin, sums, packed + row * columns);
        }
    }
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

// Packing finds the means of the differences from the origin, and a second walk subtracts them: in the packed order,
// where the blocks lie one behind the other. Rows that are not there get the means as well; where any of these differs
// from zero, so does an entry of a row that is the origin.
INLINE kernel_panel_summary pack_centered(const unsigned char *source, size_t source_stride, kernel_element element,
                                          size_t rows, size_t columns, SCALAR scale, SCALAR *restrict packed,
                                          SCALAR *restrict origin, SCALAR *restrict means) {
    choose_origin(source, source_stride, element, rows, columns, scale, origin);
    memset(means, 0, columns * sizeof *means);
    pack_matrix(source, source_stride, element, rows, columns, scale, origin, means, packed);

    kernel_panel_summary summary = {0, false};
    {
#pragma clang fp reassociate(on)
        for (size_t column = 0; column < columns; column++) {
            means[column] /= (SCALAR)rows;
            const double mean = (double)origin[column] + (double)means[column];
            summary.squared_means += mean * mean;
        }
    }
    bits_vector any = {0};
    for (size_t row = 0; row < rows; row += LANES) {
        loose_vector *const block = (loose_vector *)(packed + row * columns);
        for (size_t column = 0; column < columns; column++) {
            block[column] -= means[column];
            any |= (bits_vector)block[column];
        }
    }
    BITS bits = 0;
    for (size_t lane = 0; lane < LANES; lane++) {
        bits |= any[lane];
    }
    summary.varies = (bits & ~SIGN_BIT) != 0;
    return summary;
}

WHOLE_REGISTERS
static kernel_panel_summary pack_centered_kernel(const void *source, size_t source_stride, kernel_element element,
                                                 size_t rows, size_t columns, double scale, scalars *packed,
                                                 scalars *origin, scalars *means) {
#define PACK_CENTERED(constant)                                                                                        \
    pack_centered(source, source_stride, constant, rows, columns, (SCALAR)scale, packed, origin, means)
    FOR_ELEMENT(element, PACK_CENTERED)
#undef PACK_CENTERED
}

// Some rows of a tile, or of `width` tiles side by side, as many as there are registers to sum them in: the products of
// `row_count` neighbouring numbers of the one block with whole vectors of the others.
INLINE void multiply_rows(const SCALAR *restrict columns, const size_t width, const SCALAR *restrict rows, size_t depth,
                          const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding) {
    vector sums[2][LANES];
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        sums[0][row] = sums[1][row] = (vector){0};
    }
    for (size_t k = 0; k < depth; k++) {
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
#pragma clang loop unroll(full)
    for (size_t tile = 0; tile < width; tile++) {
#pragma clang loop unroll(full)
        for (size_t row = 0; row < row_count; row++) {
            loose_vector *const target = (loose_vector *)(result + row * stride + tile * LANES);
            *target = is_adding ? *target + sums[tile][row] : sums[tile][row];
        }
    }
}

// The same with half a vector.
INLINE void multiply_half_rows(const SCALAR *restrict columns, const SCALAR *restrict rows, size_t depth,
                               const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding) {
    half_vector sums[LANES];
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        sums[row] = (half_vector){0};
    }
    for (size_t k = 0; k < depth; k++) {
        const half_vector column = *(const loose_half_vector *)(columns + k * LANES);
#pragma clang loop unroll(full)
        for (size_t row = 0; row < row_count; row++) {
            sums[row] += column * rows[k * LANES + row];
        }
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        loose_half_vector *const target = (loose_half_vector *)(result + row * stride);
        *target = is_adding ? *target + sums[row] : sums[row];
    }
}

// How much of the columns' blocks a product takes.
typedef enum { HALF_BLOCK, ONE_BLOCK, TWO_BLOCKS } tile_width;

// A tile of `row_count` rows, as many of them at a time as the registers have room for.
INLINE void multiply_tile(const SCALAR *restrict columns, const tile_width width, const SCALAR *restrict rows,
                          size_t depth, const size_t row_count, SCALAR *restrict result, size_t stride,
                          bool is_adding) {
    const size_t height = width == HALF_BLOCK ? 2 * GROUP : width == ONE_BLOCK ? GROUP : WIDE_GROUP;
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row += height) {
        const size_t count = row_count - row < height ? row_count - row : height;
        SCALAR *const target = result + row * stride;
        if (width == HALF_BLOCK) {
            multiply_half_rows(columns, rows + row, depth, count, target, stride, is_adding);
        } else {
            multiply_rows(columns, width, rows + row, depth, count, target, stride, is_adding);
        }
    }
}

// A tile on the diagonal: of the lower half of its rows, only the right half of the columns is above the diagonal.
INLINE void multiply_diagonal_tile(const SCALAR *restrict block, size_t depth, bool is_half, SCALAR *restrict result,
                                   size_t stride, bool is_adding) {
    const size_t half = LANES / 2;
    if (is_half) {
        multiply_tile(block, HALF_BLOCK, block, depth, half, result, stride, is_adding);
    } else {
        multiply_tile(block, ONE_BLOCK, block, depth, half, result, stride, is_adding);
        multiply_tile(block + half, HALF_BLOCK, block + half, depth, half, result + half * (stride + 1), stride,
                      is_adding);
    }
}

// The tiles of a block of rows, from left to right: one row of the result is near the next one, and the block stays in
// the first-level cache. Where the last block of the columns is at most half full, the tile with it is half as wide.
INLINE void multiply_block(const SCALAR *restrict rows, const SCALAR *restrict columns, size_t column_count,
                           size_t depth, SCALAR *restrict result, size_t stride, bool is_adding) {
    size_t column = 0;
    for (; WIDE_GROUP > 0 && column + LANES + LANES / 2 < column_count; column += 2 * LANES) {
        multiply_tile(columns + column * depth, TWO_BLOCKS, rows, depth, LANES, result + column, stride, is_adding);
    }
    for (; column + LANES / 2 < column_count; column += LANES) {
        multiply_tile(columns + column * depth, ONE_BLOCK, rows, depth, LANES, result + column, stride, is_adding);
    }
    if (column < column_count) {
        multiply_tile(columns + column * depth, HALF_BLOCK, rows, depth, LANES, result + column, stride, is_adding);
    }
}

WHOLE_REGISTERS
static void multiply_blocks_kernel(const scalars *rows, size_t row_count, const scalars *columns, size_t column_count,
                                   size_t depth, bool is_triangle, scalars *result, size_t stride, bool is_adding) {
    for (size_t row = 0; row < row_count; row += LANES) {
        const SCALAR *const block = (const SCALAR *)rows + row * depth;
        SCALAR *const target = (SCALAR *)result + row * stride;
        size_t column = 0;
        if (is_triangle) {
            multiply_diagonal_tile(block, depth, row_count - row <= LANES / 2, target + row, stride, is_adding);
            column = row + LANES;
        }
        if (column < column_count) {
            multiply_block(block, (const SCALAR *)columns + column * depth, column_count - column, depth,
                           target + column, stride, is_adding);
        }
    }
}
