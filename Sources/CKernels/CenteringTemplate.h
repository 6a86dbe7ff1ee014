// U-centring for one precision: walks over what is right of the diagonal of a square matrix, two rows and eight columns
// at a time, with all sums in Float64. The including file defines SCALAR as for KernelTemplate.h.

#define LOAD_EIGHT(numbers) __builtin_convertvector(*(const loose_eight *)(numbers), eight_doubles)
#define EIGHT_DOUBLES(numbers) (*(loose_eight_doubles *)(numbers))

INLINE double sum_of_eight(const eight_doubles *numbers) {
    double sum = 0;
    for (size_t lane = 0; lane < 8; lane++) {
        sum += (*numbers)[lane];
    }
    return sum;
}

// What is right of the diagonal belongs to row i and, mirrored, to the rows j > i.
WHOLE_REGISTERS
static double triangle_sums_kernel(const scalars *matrix, size_t stride, size_t n, double *restrict sums) {
    double squares = 0;
    eight_doubles squares0 = {0}, squares1 = {0};
    memset(sums, 0, n * sizeof *sums);
    for (size_t i = 0; i + 1 < n; i += 2) {
        const SCALAR *const restrict row0 = (const SCALAR *)matrix + i * stride, *const restrict row1 = row0 + stride;
        double sum0 = row0[i + 1], sum1 = sum0;
        squares += sum0 * sum0;
        eight_doubles sums0 = {0}, sums1 = {0};
        size_t j = i + 2;
        for (; j + 8 <= n; j += 8) {
            const eight_doubles entries0 = LOAD_EIGHT(row0 + j), entries1 = LOAD_EIGHT(row1 + j);
            EIGHT_DOUBLES(sums + j) += entries0 + entries1;
            sums0 += entries0;
            sums1 += entries1;
            squares0 += entries0 * entries0;
            squares1 += entries1 * entries1;
        }
        for (; j < n; j++) {
            const double entry0 = row0[j], entry1 = row1[j];
            sums[j] += entry0 + entry1;
            sum0 += entry0;
            sum1 += entry1;
            squares += entry0 * entry0 + entry1 * entry1;
        }
        sums[i] += sum0 + sum_of_eight(&sums0);
        sums[i + 1] += sum1 + sum_of_eight(&sums1);
    }
    squares0 += squares1;
    return 2 * (squares + sum_of_eight(&squares0));
}

WHOLE_REGISTERS
static double triangle_squares_kernel(const scalars *matrix, size_t stride, size_t n, const double *restrict offsets) {
    double squares = 0;
    eight_doubles squares0 = {0}, squares1 = {0};
    for (size_t i = 0; i + 1 < n; i += 2) {
        const SCALAR *const restrict row0 = (const SCALAR *)matrix + i * stride, *const restrict row1 = row0 + stride;
        const double offset0 = offsets[i], offset1 = offsets[i + 1];
        const double first = row0[i + 1] - (offset0 + offset1);
        squares += first * first;
        size_t j = i + 2;
        for (; j + 8 <= n; j += 8) {
            const eight_doubles others = EIGHT_DOUBLES(offsets + j);
            const eight_doubles centered0 = LOAD_EIGHT(row0 + j) - (others + offset0);
            const eight_doubles centered1 = LOAD_EIGHT(row1 + j) - (others + offset1);
            squares0 += centered0 * centered0;
            squares1 += centered1 * centered1;
        }
        for (; j < n; j++) {
            const double centered0 = row0[j] - (offsets[j] + offset0), centered1 = row1[j] - (offsets[j] + offset1);
            squares += centered0 * centered0 + centered1 * centered1;
        }
    }
    squares0 += squares1;
    return 2 * (squares + sum_of_eight(&squares0));
}

// How far ahead, in bytes, room for a triangle is asked for: it was last in use a batch ago.
#define WRITING_DISTANCE 2048

// Writes eight numbers of a row.
INLINE void center_eight(const SCALAR *row, size_t j, const double *offsets, double offset, double scale,
                         SCALAR *target) {
    const eight_doubles centered = (LOAD_EIGHT(row + j) - (EIGHT_DOUBLES(offsets + j) + offset)) * scale;
    *(loose_eight *)target = __builtin_convertvector(centered, loose_eight);
}

// Writes what is right of the diagonal of one row; returns what lies behind it. Where eights leave some numbers over, the
// last eight end with the last number.
INLINE SCALAR *center_row(const SCALAR *row, size_t n, size_t i, const double *offsets, double scale, SCALAR *target) {
    const double offset = offsets[i];
    SCALAR *const end = target + (n - i - 1);
    size_t j = i + 1;
    for (; j + 8 <= n; j += 8, target += 8) {
        __builtin_prefetch((const void *)((uintptr_t)target + WRITING_DISTANCE), 1, 3);
        center_eight(row, j, offsets, offset, scale, target);
    }
    if (j < n && n - i - 1 >= 8) {
        center_eight(row, n - 8, offsets, offset, scale, end - 8);
        return end;
    }
    for (; j < n; j++, target++) {
        *target = (SCALAR)((row[j] - (offsets[j] + offset)) * scale);
    }
    return end;
}

WHOLE_REGISTERS
static void center_triangle_kernel(const scalars *matrix, size_t stride, size_t n, const double *offsets, double scale,
                                   scalars *triangle) {
    SCALAR *target = triangle;
    for (size_t i = 0; i < n; i++) {
        target = center_row((const SCALAR *)matrix + i * stride, n, i, offsets, scale, target);
    }
}

#undef EIGHT_DOUBLES
#undef LOAD_EIGHT
