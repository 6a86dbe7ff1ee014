// The kernels for one precision. The including file defines
//
//     SCALAR    float or double
//     BITS      the unsigned integer of its size
//     SIGN_BIT  that integer's highest bit

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

static void convert_kernel(const void *source, kernel_element element, size_t count, double scale,
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

static double largest_magnitude_kernel(const void *source, kernel_element element, size_t count) {
#define LARGEST_MAGNITUDE(constant) largest_magnitude(source, constant, count)
    FOR_ELEMENT(element, LARGEST_MAGNITUDE)
#undef LARGEST_MAGNITUDE
}

// Every number is read once: the matrix may come from memory.
INLINE SCALAR read_symmetric(const unsigned char *source, kernel_element element, size_t n, bool is_packed,
                             SCALAR scale, SCALAR *restrict matrix, size_t stride) {
    BITS largest = 0;
    size_t place = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_packed) {
            for (size_t j = 0; j < i; j++) {
                const BITS bits = magnitude_bits(load(source, element, place + j));
                largest = bits > largest ? bits : largest;
            }
            place += i;
        }
        SCALAR *const restrict row = matrix + i * stride + i;
        for (size_t j = 0; j < n - i; j++) {
            const SCALAR value = load(source, element, place + j);
            const BITS bits = magnitude_bits(value);
            largest = bits > largest ? bits : largest;
            row[j] = value * scale;
        }
        place += n - i;
    }
    SCALAR magnitude;
    memcpy(&magnitude, &largest, sizeof magnitude);
    return magnitude;
}

static double read_symmetric_kernel(const void *source, kernel_element element, size_t n, bool is_packed,
                                    double scale, scalars *matrix, size_t stride) {
#define READ_SYMMETRIC(constant) read_symmetric(source, constant, n, is_packed, (SCALAR)scale, matrix, stride)
    FOR_ELEMENT(element, READ_SYMMETRIC)
#undef READ_SYMMETRIC
}

static void add_rows_kernel(const scalars *matrix, size_t stride, size_t rows, size_t columns, bool is_triangle,
                            double *totals, size_t total_columns) {
    for (size_t i = 0; i < rows; i++) {
        const size_t first = is_triangle ? i : 0;
        const SCALAR *const restrict row = (const SCALAR *)matrix + i * stride + first;
        for (size_t j = 0; j < columns - first; j++) {
            totals[j] += row[j];
        }
        // Behind the last number of a row stands the diagonal's next one; a block beside the diagonal moves left.
        totals += total_columns - i - (is_triangle ? 0 : 1);
    }
}
