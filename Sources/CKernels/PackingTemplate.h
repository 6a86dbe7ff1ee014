// Rows of a matrix, packed for the products between all of them, for one precision. The including file defines, beside
// what KernelTemplate.h asks for,
//
//     transpose_quarters(rows)  transposes, in each quarter of a vector's 64 bytes, as many rows as that has numbers
//
// A symmetric product needs its one matrix on both sides. So it is packed once, in blocks of as many rows as a vector
// has lanes:
//
//     packed[block][column][lane] = matrix[block · LANES + lane][column]

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
