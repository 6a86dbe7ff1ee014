// Bases of orthonormal vectors in one precision. The including file defines REAL as for PanelTemplate.h.

// How many vectors are read for each time that the one to be orthogonalised is.
#define BASIS_GROUP 4

INLINE REAL squared_length(const reals *vector, size_t blocks) {
    reals even = {0}, odd = {0};
    size_t block = 0;
    for (; block + 2 <= blocks; block += 2) {
        even += vector[block] * vector[block];
        odd += vector[block + 1] * vector[block + 1];
    }
    if (block < blocks) {
        even += vector[block] * vector[block];
    }
    even += odd;
    return add_lanes(&even);
}

// Subtracts the components along `count` neighbouring vectors, and returns that along the last of them.
INLINE REAL remove_components(const reals *restrict others, const size_t count, reals *restrict vector,
                              size_t blocks) {
    reals sums[BASIS_GROUP];
    REAL along[BASIS_GROUP];
#pragma clang loop unroll(full)
    for (size_t other = 0; other < count; other++) {
        sums[other] = (reals){0};
    }
    for (size_t block = 0; block < blocks; block++) {
#pragma clang loop unroll(full)
        for (size_t other = 0; other < count; other++) {
            sums[other] += others[other * blocks + block] * vector[block];
        }
    }
#pragma clang loop unroll(full)
    for (size_t other = 0; other < count; other++) {
        along[other] = add_lanes(&sums[other]);
    }
    for (size_t block = 0; block < blocks; block++) {
        reals left = vector[block];
#pragma clang loop unroll(full)
        for (size_t other = 0; other < count; other++) {
            left -= others[other * blocks + block] * along[other];
        }
        vector[block] = left;
    }
    return along[count - 1];
}

// The same for the vectors from `first` to before `end`, a few at a time.
INLINE REAL remove_range(const reals *others, size_t first, size_t end, reals *vector, size_t blocks) {
    const size_t last = end;
    REAL along_last = 0;
    for (; (end - first) % BASIS_GROUP != 0; end--) {
        const REAL along = remove_components(others + (end - 1) * blocks, 1, vector, blocks);
        along_last = end == last ? along : along_last;
    }
    for (; end != first; end -= BASIS_GROUP) {
        const REAL along = remove_components(others + (end - BASIS_GROUP) * blocks, BASIS_GROUP, vector, blocks);
        along_last = end == last ? along : along_last;
    }
    return along_last;
}

// Gram and Schmidt's way. Where that leaves less than a tenth of the vector, too much of it is rounding, and a second
// round is needed; a third never is (Daniel, Gragg, Kaufman & Stewart, *Mathematics of Computation* 30, 1976).
WHOLE_REGISTERS
static kernel_remainder orthonormalize_kernel(scalars *basis, size_t fixed, size_t first, size_t count, size_t n) {
    const size_t blocks = n / REAL_LANES;
    const reals *const others = basis;
    reals *const vector = (reals *)basis + count * blocks;
    kernel_remainder remainder = {0, 0};
    REAL squares = squared_length(vector, blocks);
    for (int round = 0; round < 2; round++) {
        const REAL before = squares;
        remainder.along_last += remove_range(others, first, count, vector, blocks);
        remove_range(others, 0, fixed, vector, blocks);
        squares = squared_length(vector, blocks);
        if (squares > before / 100) {
            break;
        }
    }
    remainder.length = __builtin_sqrt((double)squares);
    const REAL factor = squares > 0 ? (REAL)(1 / remainder.length) : 0;
    for (size_t block = 0; block < blocks; block++) {
        vector[block] *= factor;
    }
    return remainder;
}
