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

// How far ahead, in bytes, a matrix is asked for that is read from its first number to its last: a processor looks no
// further ahead than the page by itself.
#define READING_DISTANCE 4096

// Reads as many numbers as a vector has lanes; with a row, writes them there.
INLINE void read_vector(const unsigned char *source, kernel_element element, size_t index, SCALAR scale,
                        SCALAR *restrict row, bits_vector *largest) {
    vector numbers;
    load_vector(source, element, index, &numbers);
    *largest = __builtin_elementwise_max((bits_vector)numbers & ~SIGN_BIT, *largest);
    if (row != NULL) {
        *(loose_vector *)(row + index) = numbers * scale;
    }
}

// Reads `count` numbers. Where whole vectors leave some over, the last vector ends with the last number.
INLINE void read_numbers(const unsigned char *source, kernel_element element, size_t count, SCALAR scale,
                         SCALAR *restrict row, bits_vector *largest) {
    size_t index = 0;
    for (; index + LANES <= count; index += LANES) {
        const uintptr_t place = (uintptr_t)source + index * element_size(element);
        __builtin_prefetch((const void *)(place + READING_DISTANCE), 0, 2);
        read_vector(source, element, index, scale, row, largest);
    }
    if (index == count) {
        return;
    }
    if (count >= LANES) {
        read_vector(source, element, count - LANES, scale, row, largest);
        return;
    }
    BITS bits = 0;
    for (; index < count; index++) {
        const SCALAR number = load(source, element, index);
        bits = magnitude_bits(number) > bits ? magnitude_bits(number) : bits;
        if (row != NULL) {
            row[index] = number * scale;
        }
    }
    (*largest)[0] = bits > (*largest)[0] ? bits : (*largest)[0];
}

INLINE SCALAR largest_magnitude(const unsigned char *source, kernel_element element, size_t count) {
    bits_vector largest = {0};
    read_numbers(source, element, count, 1, NULL, &largest);
    return largest_number(&largest);
}

WHOLE_REGISTERS
static double largest_magnitude_kernel(const void *source, kernel_element element, size_t count) {
#define LARGEST_MAGNITUDE(constant) largest_magnitude(source, constant, count)
    FOR_ELEMENT(element, LARGEST_MAGNITUDE)
#undef LARGEST_MAGNITUDE
}

// Every number is read once: the matrix may come from memory. Of a square, whole vectors are written: what is left of
// the diagonal means nothing.
INLINE SCALAR read_symmetric(const unsigned char *source, kernel_element element, size_t n, bool is_packed,
                             SCALAR scale, SCALAR *restrict matrix, size_t stride) {
    bits_vector largest = {0};
    for (size_t i = 0; i < n; i++) {
        const size_t left = is_packed ? 0 : i / LANES * LANES, column = is_packed ? i : left;
        read_numbers(source, element, left, scale, NULL, &largest);
        source += left * element_size(element);
        read_numbers(source, element, n - column, scale, matrix + i * stride + column, &largest);
        source += (n - column) * element_size(element);
    }
    return largest_number(&largest);
}

WHOLE_REGISTERS
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
