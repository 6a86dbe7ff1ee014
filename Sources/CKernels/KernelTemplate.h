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

DISPATCHED void KERNEL(convert)(const void *source, kernel_element element, size_t count, double scale,
                                scalars *result) {
#define CONVERT(constant) convert(source, constant, count, (SCALAR)scale, result)
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

DISPATCHED double KERNEL(largest_magnitude)(const void *source, kernel_element element, size_t count) {
#define LARGEST_MAGNITUDE(constant) largest_magnitude(source, constant, count)
    FOR_ELEMENT(element, LARGEST_MAGNITUDE)
#undef LARGEST_MAGNITUDE
}

DISPATCHED kernel_row_sums KERNEL(add_row)(const scalars *numbers, size_t count, double *restrict totals) {
#pragma clang fp reassociate(on)
    const SCALAR *const restrict row = numbers;
    kernel_row_sums sums = {0, 0};
    for (size_t index = 0; index < count; index++) {
        const double value = row[index];
        totals[index] += value;
        sums.sum += value;
        sums.squares += value * value;
    }
    return sums;
}

DISPATCHED double KERNEL(centered_squares)(const scalars *numbers, size_t count, double offset,
                                           const double *restrict offsets) {
#pragma clang fp reassociate(on)
    const SCALAR *const restrict row = numbers;
    double squares = 0;
    for (size_t index = 0; index < count; index++) {
        const double centered = row[index] - (offset + offsets[index]);
        squares += centered * centered;
    }
    return squares;
}

DISPATCHED void KERNEL(center_row)(scalars *numbers, size_t count, double offset, const double *restrict offsets,
                                   double scale) {
    SCALAR *const restrict row = numbers;
    for (size_t index = 0; index < count; index++) {
        row[index] = (SCALAR)((row[index] - (offset + offsets[index])) * scale);
    }
}
