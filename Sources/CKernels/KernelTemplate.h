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

// As many numbers as a vector has lanes, from `index` on.
INLINE void load_vector(const unsigned char *source, kernel_element element, size_t index, vector *numbers) {
#pragma clang loop unroll(full)
    for (size_t lane = 0; lane < LANES; lane++) {
        (*numbers)[lane] = load(source, element, index + lane);
    }
}

// Magnitudes compare as their bits do, and infinity and NaN are larger than all others.
INLINE SCALAR largest_number(const bits_vector *magnitudes) {
    const BITS largest = __builtin_reduce_max(*magnitudes);
    SCALAR number;
    memcpy(&number, &largest, sizeof number);
    return number;
}

// How far ahead, in bytes, numbers are asked for that are read once from the first to the last: a processor looks no
// further ahead than the page by itself.
#define READING_DISTANCE 8192

INLINE void ask_ahead(const unsigned char *source, kernel_element element, size_t index) {
    const uintptr_t place = (uintptr_t)source + index * element_size(element);
    __builtin_prefetch((const void *)(place + READING_DISTANCE), 0, 2);
}

// Finds the largest magnitude among as many numbers as a vector has lanes.
INLINE void read_vector(const unsigned char *source, kernel_element element, size_t index, bits_vector *largest) {
    vector numbers;
    load_vector(source, element, index, &numbers);
    *largest = __builtin_elementwise_max((bits_vector)numbers & ~SIGN_BIT, *largest);
}

// Finds that of `count` numbers. Where whole vectors leave some over, the last vector ends with the last number.
INLINE void read_magnitudes(const unsigned char *source, kernel_element element, size_t count, bits_vector *largest) {
    size_t index = 0;
    for (; index + LANES <= count; index += LANES) {
        ask_ahead(source, element, index);
        read_vector(source, element, index, largest);
    }
    if (index < count && count >= LANES) {
        read_vector(source, element, count - LANES, largest);
        return;
    }
    for (; index < count; index++) {
        const BITS bits = magnitude_bits(load(source, element, index));
        (*largest)[0] = bits > (*largest)[0] ? bits : (*largest)[0];
    }
}

INLINE SCALAR largest_magnitude(const unsigned char *source, kernel_element element, size_t count) {
    bits_vector largest = {0};
    read_magnitudes(source, element, count, &largest);
    return largest_number(&largest);
}

WHOLE_REGISTERS
static double largest_magnitude_kernel(const void *source, kernel_element element, size_t count) {
#define LARGEST_MAGNITUDE(constant) largest_magnitude(source, constant, count)
    FOR_ELEMENT(element, LARGEST_MAGNITUDE)
#undef LARGEST_MAGNITUDE
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
