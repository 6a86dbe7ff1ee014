// The kernels for one precision. The including file defines
//
//     SCALAR     float or double
//     BITS       the unsigned integer of its size
//     SIGN_BIT   that integer's highest bit
//     KERNEL(x)  the public name of the kernel x

INLINE SCALAR load(const unsigned char *source, kernel_element element, size_t index) {
    switch (element) {
    case KERNEL_F16:
        return (SCALAR)load_f16(source + 2 * index);
    case KERNEL_BF16:
        return (SCALAR)load_bf16(source + 2 * index);
    case KERNEL_F32:
        return (SCALAR)load_f32(source + 4 * index);
    case KERNEL_F64:
        return (SCALAR)load_f64(source + 8 * index);
    }
}

// Calls an inlined kernel with a constant in place of `element`, so that no loop decides anything.
#define FOR_ELEMENT(element, CALL)                                                                                     \
    switch (element) {                                                                                                 \
    case KERNEL_F16:                                                                                                   \
        return CALL(KERNEL_F16);                                                                                       \
    case KERNEL_BF16:                                                                                                  \
        return CALL(KERNEL_BF16);                                                                                      \
    case KERNEL_F32:                                                                                                   \
        return CALL(KERNEL_F32);                                                                                       \
    case KERNEL_F64:                                                                                                   \
        return CALL(KERNEL_F64);                                                                                       \
    }

INLINE BITS magnitude_bits(SCALAR value) {
    BITS bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & ~SIGN_BIT;
}

INLINE void convert(const unsigned char *source, kernel_element element, size_t count, SCALAR scale,
                    SCALAR *restrict result) {
    for (size_t index = 0; index < count; index++) {
        result[index] = load(source, element, index) * scale;
    }
}

INLINE size_t element_size(kernel_element element) {
    return element == KERNEL_F64 ? 8 : element == KERNEL_F32 ? 4 : 2;
}

// Asks for memory that is about to be read. The rows of a message lie far apart, where no processor guesses them.
INLINE void prefetch(const unsigned char *source, size_t size) {
    for (size_t offset = 0; offset < size; offset += 64) {
        __builtin_prefetch(source + offset, 0, 2);
    }
}

// Two walks over a panel that stays in the cache: the first converts and sums, four rows at a time so that the running
// sums are loaded and stored once for the four; the second subtracts.
INLINE kernel_panel_summary center_panel(const unsigned char *source, size_t source_stride, kernel_element element,
                                         size_t rows, size_t columns, SCALAR scale, SCALAR *restrict panel,
                                         size_t panel_stride, SCALAR *restrict means) {
    const SCALAR *const first = panel;
    memset(means, 0, columns * sizeof *means);
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        SCALAR *const quad[] = {panel + row * panel_stride, panel + (row + 1) * panel_stride,
                                panel + (row + 2) * panel_stride, panel + (row + 3) * panel_stride};
        for (size_t lane = 0; lane < 4; lane++) {
            if (row + lane + 4 < rows) {
                prefetch(source + (row + lane + 4) * source_stride, columns * element_size(element));
            }
            convert(source + (row + lane) * source_stride, element, columns, scale, quad[lane]);
        }
        for (size_t column = 0; column < columns; column++) {
            const SCALAR origin = first[column];
            means[column] += ((quad[0][column] - origin) + (quad[1][column] - origin)) +
                             ((quad[2][column] - origin) + (quad[3][column] - origin));
        }
    }
    for (; row < rows; row++) {
        SCALAR *const entries = panel + row * panel_stride;
        convert(source + row * source_stride, element, columns, scale, entries);
        for (size_t column = 0; column < columns; column++) {
            means[column] += entries[column] - first[column];
        }
    }

    kernel_panel_summary summary = {0, false};
    {
#pragma clang fp reassociate(on)
        for (size_t column = 0; column < columns; column++) {
            means[column] = first[column] + means[column] / (SCALAR)rows;
            summary.squared_means += (double)means[column] * (double)means[column];
        }
    }

    BITS any = 0;
    for (row = 0; row < rows; row++) {
        SCALAR *const entries = panel + row * panel_stride;
        for (size_t column = 0; column < columns; column++) {
            entries[column] -= means[column];
            any |= magnitude_bits(entries[column]);
        }
    }
    summary.varies = any != 0;
    return summary;
}

DISPATCHED kernel_panel_summary KERNEL(center_panel)(const void *source, size_t source_stride, kernel_element element,
                                                     size_t rows, size_t columns, SCALAR scale, SCALAR *panel,
                                                     size_t panel_stride, SCALAR *means) {
#define CENTER_PANEL(constant)                                                                                         \
    center_panel(source, source_stride, constant, rows, columns, scale, panel, panel_stride, means)
    FOR_ELEMENT(element, CENTER_PANEL)
#undef CENTER_PANEL
}

DISPATCHED void KERNEL(convert)(const void *source, kernel_element element, size_t count, SCALAR scale,
                                SCALAR *result) {
#define CONVERT(constant) convert(source, constant, count, scale, result)
    FOR_ELEMENT(element, CONVERT)
#undef CONVERT
}

// Magnitudes compare as their bits do, and infinity and NaN are larger than all others.
INLINE SCALAR largest_magnitude(const unsigned char *source, kernel_element element, size_t count) {
    BITS largest = 0;
    for (size_t index = 0; index < count; index++) {
        const BITS bits = magnitude_bits(load(source, element, index));
        largest = bits > largest ? bits : largest;
    }
    SCALAR magnitude;
    memcpy(&magnitude, &largest, sizeof magnitude);
    return magnitude;
}

DISPATCHED SCALAR KERNEL(largest_magnitude)(const void *source, kernel_element element, size_t count) {
#define LARGEST_MAGNITUDE(constant) largest_magnitude(source, constant, count)
    FOR_ELEMENT(element, LARGEST_MAGNITUDE)
#undef LARGEST_MAGNITUDE
}

DISPATCHED kernel_row_sums KERNEL(add_row)(const SCALAR *restrict row, size_t count, double *restrict totals) {
#pragma clang fp reassociate(on)
    kernel_row_sums sums = {0, 0};
    for (size_t index = 0; index < count; index++) {
        const double value = row[index];
        totals[index] += value;
        sums.sum += value;
        sums.squares += value * value;
    }
    return sums;
}

DISPATCHED double KERNEL(centered_squares)(const SCALAR *restrict row, size_t count, double offset,
                                           const double *restrict offsets) {
#pragma clang fp reassociate(on)
    double squares = 0;
    for (size_t index = 0; index < count; index++) {
        const double centered = row[index] - (offset + offsets[index]);
        squares += centered * centered;
    }
    return squares;
}

DISPATCHED void KERNEL(center_row)(SCALAR *restrict row, size_t count, double offset, const double *restrict offsets,
                                   double scale) {
    for (size_t index = 0; index < count; index++) {
        row[index] = (SCALAR)((row[index] - (offset + offsets[index])) * scale);
    }
}
