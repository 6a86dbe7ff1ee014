// U-centring for one precision: walks over what is right of the diagonal of a symmetric matrix, wherever that lies, with
// all sums in Float64. The including file includes KernelTemplate.h before it, and defines FOR_MATRIX_ELEMENT.

// Eight numbers of a row from a column on, multiplied.
INLINE void load_eight(const unsigned char *row, kernel_element element, size_t column, double scale,
                       eight_doubles *numbers) {
    eight loaded;
#pragma clang loop unroll(full)
    for (size_t lane = 0; lane < 8; lane++) {
        loaded[lane] = load(row, element, column + lane);
    }
    *numbers = __builtin_convertvector(loaded, eight_doubles) * scale;
}

// Leaves the last `count` of eight lanes, and makes those before them zero.
INLINE void keep_last(size_t count, eight_doubles *numbers) {
    static const double lanes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    *numbers *= *(const loose_eight_doubles *)(lanes + count);
}

INLINE double sum_of_eight(const eight_doubles *numbers) {
    double sum = 0;
    for (size_t lane = 0; lane < 8; lane++) {
        sum += (*numbers)[lane];
    }
    return sum;
}

// Where the number in column 0 of a row is, or would be if it were not left of the diagonal.
INLINE const unsigned char *row_start(const kernel_symmetric *matrix, kernel_element element, size_t i) {
    const size_t place = matrix->stride > 0 ? i * matrix->stride : i * (2 * matrix->n - i - 1) / 2;
    return (const unsigned char *)matrix->numbers + place * element_size(element);
}

// Adds eight numbers of two rows, or the last `count` of them, to the sums of their columns, of the rows, and of the
// squares.
INLINE void add_eight(const unsigned char *row0, const unsigned char *row1, kernel_element element, size_t column,
                      const size_t count, double scale, double *sums, eight_doubles *rows, eight_doubles *squares) {
    eight_doubles numbers0, numbers1;
    load_eight(row0, element, column, scale, &numbers0);
    load_eight(row1, element, column, scale, &numbers1);
    if (count < 8) {
        keep_last(count, &numbers0);
        keep_last(count, &numbers1);
    }
    *(loose_eight_doubles *)(sums + column) += numbers0 + numbers1;
    rows[0] += numbers0;
    rows[1] += numbers1;
    squares[0] += numbers0 * numbers0;
    squares[1] += numbers1 * numbers1;
}

// What is right of the diagonal belongs to rows i and i + 1 and, mirrored, to the rows below them. Where eights leave
// some numbers over, the last eight end with the last number, and those that were added before count as zeros.
INLINE void sum_two_rows(const unsigned char *row0, const unsigned char *row1, kernel_element element, size_t n,
                         size_t i, double scale, double *restrict sums, eight_doubles *squares) {
    const double first = load(row0, element, i + 1) * scale;
    double sum0 = first, sum1 = first;
    squares[0][0] += first * first;
    eight_doubles rows[2] = {{0}, {0}};
    size_t j = i + 2;
    for (; j + LANES <= n; j += LANES) {
        ask_ahead(row0, element, j);
        ask_ahead(row1, element, j);
#pragma clang loop unroll(full)
        for (size_t lane = 0; lane < LANES; lane += 8) {
            add_eight(row0, row1, element, j + lane, 8, scale, sums, rows, squares);
        }
    }
    if (j + 8 <= n) {
        add_eight(row0, row1, element, j, 8, scale, sums, rows, squares);
        j += 8;
    }
    if (j < n && j >= i + 10) {
        add_eight(row0, row1, element, n - 8, n - j, scale, sums, rows, squares);
        j = n;
    }
    for (; j < n; j++) {
        const double number0 = load(row0, element, j) * scale, number1 = load(row1, element, j) * scale;
        sums[j] += number0 + number1;
        sum0 += number0;
        sum1 += number1;
        squares[0][0] += number0 * number0 + number1 * number1;
    }
    sums[i] += sum0 + sum_of_eight(&rows[0]);
    sums[i + 1] += sum1 + sum_of_eight(&rows[1]);
}

// Two rows at a time; of a whole square first what is left of the diagonal, as it comes from memory.
INLINE double symmetric_sums(const kernel_symmetric *matrix, kernel_element element, double *restrict sums,
                             double *restrict diagonal) {
    const size_t n = matrix->n;
    eight_doubles squares[2] = {{0}, {0}};
    bits_vector largest = {0};
    memset(sums, 0, n * sizeof *sums);
    for (size_t i = 0; i < n; i += 2) {
        const size_t count = n - i < 2 ? n - i : 2;
        for (size_t row = i; row < i + count; row++) {
            const unsigned char *const start = row_start(matrix, element, row);
            diagonal[row] = load(start, element, row) * matrix->scale;
            if (matrix->is_whole) {
                read_magnitudes(start, element, row, &largest);
            }
        }
        if (count == 2) {
            sum_two_rows(row_start(matrix, element, i), row_start(matrix, element, i + 1), element, n, i,
                         matrix->scale, sums, squares);
        }
    }
    squares[0] += squares[1];
    // Nothing, or NaN.
    const double left = largest_number(&largest) * 0;
    return 2 * sum_of_eight(&squares[0]) + left;
}

WHOLE_REGISTERS
static double symmetric_sums_kernel(const kernel_symmetric *matrix, double *restrict sums, double *restrict diagonal) {
#define SYMMETRIC_SUMS(constant) symmetric_sums(matrix, constant, sums, diagonal)
    FOR_MATRIX_ELEMENT(matrix->element, SYMMETRIC_SUMS)
#undef SYMMETRIC_SUMS
}

// How far ahead, in bytes, room for a triangle is asked for: it was last in use a batch ago.
#define WRITING_DISTANCE 8192

// Writes eight numbers of a row less the offsets, and adds the squares of the last `count` of them.
INLINE void center_eight(const unsigned char *row, kernel_element element, size_t column, const size_t count,
                         double scale, const double *offsets, double offset, SCALAR *target, eight_doubles *squares) {
    eight_doubles centered;
    load_eight(row, element, column, scale, &centered);
    centered -= *(const loose_eight_doubles *)(offsets + column) + offset;
    *(loose_eight *)target = __builtin_convertvector(centered, loose_eight);
    if (count < 8) {
        keep_last(count, &centered);
    }
    *squares += centered * centered;
}

// Writes what is right of the diagonal of row i; returns what lies behind it. The last eight are as above.
INLINE SCALAR *center_row(const unsigned char *row, kernel_element element, size_t n, size_t i, double scale,
                          const double *restrict offsets, SCALAR *restrict target, eight_doubles *squares) {
    const double offset = offsets[i];
    SCALAR *const end = target + (n - i - 1);
    size_t j = i + 1;
    for (; j + 8 <= n; j += 8, target += 8) {
        __builtin_prefetch((const void *)((uintptr_t)target + WRITING_DISTANCE), 1, 3);
        center_eight(row, element, j, 8, scale, offsets, offset, target, squares);
    }
    if (j < n && j >= i + 9) {
        center_eight(row, element, n - 8, n - j, scale, offsets, offset, end - 8, squares);
        return end;
    }
    for (; j < n; j++, target++) {
        const double centered = load(row, element, j) * scale - (offsets[j] + offset);
        (*squares)[0] += centered * centered;
        *target = (SCALAR)centered;
    }
    return end;
}
