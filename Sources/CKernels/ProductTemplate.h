// Products between all rows of a matrix, for one precision. The including file defines, beside what KernelTemplate.h
// asks for,
//
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

// Packs up to LANES rows less the origin; where there are fewer, the other lanes are zero. The columns' sums are added
// to `sums`. Without `origin`, nothing is subtracted and nothing summed.
INLINE void pack_block(const unsigned char *source, size_t source_stride, kernel_element element, const size_t rows,
                       size_t columns, SCALAR scale, const SCALAR *restrict origin, SCALAR *restrict sums,
                       SCALAR *restrict packed) {
    for (size_t column = 0; column < columns; column += LANES) {
        const size_t count = columns - column < LANES ? columns - column : LANES;
        const vector first = origin != NULL ? *(const loose_vector *)(origin + column) : (vector){0};
        vector block[LANES];
        if (count == LANES) {
#pragma clang loop unroll(full)
            for (size_t row = 0; row < LANES; row++) {
                block[row] = (vector){0};
                if (row < rows) {
                    const unsigned char *const numbers = source + row * source_stride;
                    __builtin_prefetch(numbers + column * element_size(element) + PREFETCH_DISTANCE, 0, 2);
                    vector wide;
#pragma clang loop unroll(full)
                    for (size_t lane = 0; lane < LANES; lane++) {
                        wide[lane] = load(numbers, element, column + lane) * scale;
                    }
                    block[row] = wide - first;
                }
            }
        } else {
            for (size_t row = 0; row < LANES; row++) {
                block[row] = (vector){0};
                for (size_t lane = 0; row < rows && lane < count; lane++) {
                    block[row][lane] = load(source + row * source_stride, element, column + lane) * scale - first[lane];
                }
            }
        }
        if (origin != NULL) {
            vector sum = {0};
#pragma clang loop unroll(full)
            for (size_t row = 0; row < LANES; row += 2) {
                sum += block[row] + block[row + 1];
            }
            *(loose_vector *)(sums + column) += sum;
        }
        transpose(block);
        if (count == LANES) {
#pragma clang loop unroll(full)
            for (size_t lane = 0; lane < LANES; lane++) {
                *(loose_vector *)(packed + (column + lane) * LANES) = block[lane];
            }
        } else {
            for (size_t lane = 0; lane < count; lane++) {
                *(loose_vector *)(packed + (column + lane) * LANES) = block[lane];
            }
        }
    }
}

INLINE void pack_rows(const unsigned char *source, size_t source_stride, kernel_element element, size_t rows,
                      size_t columns, SCALAR scale, const SCALAR *restrict origin, SCALAR *restrict sums,
                      SCALAR *restrict packed) {
    size_t row = 0;
    for (; row + LANES <= rows; row += LANES) {
        pack_block(source + row * source_stride, source_stride, element, LANES, columns, scale, origin, sums,
                   packed + row * columns);
    }
    if (row < rows) {
        pack_block(source + row * source_stride, source_stride, element, rows - row, columns, scale, origin, sums,
                   packed + row * columns);
    }
}

WHOLE_REGISTERS
DISPATCHED void KERNEL(pack)(const void *source, size_t source_stride, kernel_element element, size_t rows,
                             size_t columns, scalars *packed) {
#define PACK(constant) pack_rows(source, source_stride, constant, rows, columns, 1, NULL, NULL, packed)
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

// Packing finds the means of the differences from the origin, and a second walk subtracts them: in the packed order,
// where the blocks lie one behind the other. Rows that are not there get the means as well; where any of these differs
// from zero, so does an entry of a row that is the origin.
INLINE kernel_panel_summary pack_centered(const unsigned char *source, size_t source_stride, kernel_element element,
                                          size_t rows, size_t columns, SCALAR scale, SCALAR *restrict packed,
                                          SCALAR *restrict origin, SCALAR *restrict means) {
    choose_origin(source, source_stride, element, rows, columns, scale, origin);
    memset(means, 0, columns * sizeof *means);
    pack_rows(source, source_stride, element, rows, columns, scale, origin, means, packed);

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
DISPATCHED kernel_panel_summary KERNEL(pack_centered)(const void *source, size_t source_stride, kernel_element element,
                                                      size_t rows, size_t columns, double scale, scalars *packed,
                                                      scalars *origin, scalars *means) {
#define PACK_CENTERED(constant)                                                                                        \
    pack_centered(source, source_stride, constant, rows, columns, (SCALAR)scale, packed, origin, means)
    FOR_ELEMENT(element, PACK_CENTERED)
#undef PACK_CENTERED
}

// Some rows of a tile, as many as there are registers to sum them in.
INLINE void multiply_rows(const SCALAR *restrict columns, const SCALAR *restrict rows, size_t depth,
                          const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding) {
    vector sums[LANES];
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        sums[row] = (vector){0};
    }
    for (size_t k = 0; k < depth; k++) {
        const vector column = *(const loose_vector *)(columns + k * LANES);
#pragma clang loop unroll(full)
        for (size_t row = 0; row < row_count; row++) {
            sums[row] += column * rows[k * LANES + row];
        }
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        loose_vector *const target = (loose_vector *)(result + row * stride);
        *target = is_adding ? *target + sums[row] : sums[row];
    }
}

// Some rows of the lower half of a tile on the diagonal: only the right half of their columns is above the diagonal.
INLINE void multiply_right_half(const SCALAR *restrict block, size_t depth, const size_t first_row,
                                const size_t row_count, SCALAR *restrict result, size_t stride, bool is_adding) {
    half_vector sums[LANES];
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        sums[row] = (half_vector){0};
    }
    for (size_t k = 0; k < depth; k++) {
        const half_vector column = *(const loose_half_vector *)(block + k * LANES + LANES / 2);
#pragma clang loop unroll(full)
        for (size_t row = 0; row < row_count; row++) {
            sums[row] += column * block[k * LANES + first_row + row];
        }
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row++) {
        loose_half_vector *const target =
            (loose_half_vector *)(result + (first_row + row) * stride + LANES / 2);
        *target = is_adding ? *target + sums[row] : sums[row];
    }
}

// A tile, `group` rows at a time.
INLINE void multiply_tile(const SCALAR *restrict columns, const SCALAR *restrict rows, size_t depth,
                          const size_t row_count, const size_t group, SCALAR *restrict result, size_t stride,
                          bool is_adding) {
#pragma clang loop unroll(full)
    for (size_t row = 0; row < row_count; row += group) {
        const size_t count = row_count - row < group ? row_count - row : group;
        multiply_rows(columns, rows + row, depth, count, result + row * stride, stride, is_adding);
    }
}

INLINE void multiply_blocks(const SCALAR *restrict rows, size_t row_blocks, const SCALAR *restrict columns,
                            size_t column_blocks, size_t depth, bool is_triangle, const size_t group,
                            SCALAR *restrict result, size_t stride, bool is_adding) {
    for (size_t i = 0; i < row_blocks; i++) {
        const SCALAR *const row_block = rows + i * depth * LANES;
        for (size_t j = is_triangle ? i + 1 : 0; j < column_blocks; j++) {
            multiply_tile(columns + j * depth * LANES, row_block, depth, LANES, group,
                          result + i * LANES * stride + j * LANES, stride, is_adding);
        }
        if (is_triangle) {
            SCALAR *const tile = result + i * LANES * (stride + 1);
            multiply_tile(row_block, row_block, depth, LANES / 2, group, tile, stride, is_adding);
            multiply_right_half(row_block, depth, LANES / 2, LANES / 2, tile, stride, is_adding);
        }
    }
}

#define MULTIPLY_BLOCKS(group)                                                                                         \
    multiply_blocks(rows, row_blocks, columns, column_blocks, depth, is_triangle, group, result, stride, is_adding)

#define PARAMETERS                                                                                                     \
    const SCALAR *rows, size_t row_blocks, const SCALAR *columns, size_t column_blocks, size_t depth,                  \
        bool is_triangle, SCALAR *result, size_t stride, bool is_adding

#ifdef __x86_64__
// 32 registers of a whole vector, of which one number is multiplied straight from memory.
WHOLE_REGISTERS __attribute__((target("arch=x86-64-v4"))) static void multiply_with_avx512(PARAMETERS) {
    MULTIPLY_BLOCKS(LANES);
}

// 16 registers of half a vector: 12 for sums, two for the column, one or two for what it is multiplied by.
__attribute__((target("arch=x86-64-v3"))) static void multiply_with_avx2(PARAMETERS) {
    MULTIPLY_BLOCKS(6);
}
#endif

void KERNEL(multiply_blocks)(const scalars *rows, size_t row_blocks, const scalars *columns, size_t column_blocks,
                             size_t depth, bool is_triangle, scalars *result, size_t stride, bool is_adding) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("x86-64-v4")) {
        multiply_with_avx512(rows, row_blocks, columns, column_blocks, depth, is_triangle, result, stride, is_adding);
        return;
    }
    if (__builtin_cpu_supports("x86-64-v3")) {
        multiply_with_avx2(rows, row_blocks, columns, column_blocks, depth, is_triangle, result, stride, is_adding);
        return;
    }
#endif
    MULTIPLY_BLOCKS(2);
}

#undef MULTIPLY_BLOCKS
#undef PARAMETERS
