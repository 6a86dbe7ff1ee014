// Vectors of 64 bytes for one precision, which the compiler splits where registers are narrower.

#define LANES (64 / sizeof(SCALAR))

typedef SCALAR vector __attribute__((vector_size(64)));
typedef SCALAR half_vector __attribute__((vector_size(32)));
typedef BITS bits_vector __attribute__((vector_size(64)));

// Eight numbers, and as many in Float64.
typedef SCALAR eight __attribute__((vector_size(8 * sizeof(SCALAR))));
typedef double eight_doubles __attribute__((vector_size(64)));

// A vector as pairs of eight bytes, one pair a quarter.
typedef double quarters __attribute__((vector_size(64), may_alias));

// The first, or the second, eight bytes of every quarter, from two vectors in turn.
#define LOW_HALVES 0, 8, 2, 10, 4, 12, 6, 14
#define HIGH_HALVES 1, 9, 3, 11, 5, 13, 7, 15

// How a vector lies among numbers that are aligned as such.
typedef SCALAR loose_vector __attribute__((vector_size(64), aligned(sizeof(SCALAR)), may_alias));
typedef SCALAR loose_eight __attribute__((vector_size(8 * sizeof(SCALAR)), aligned(sizeof(SCALAR)), may_alias));
typedef double loose_eight_doubles __attribute__((vector_size(64), aligned(8), may_alias));
typedef SCALAR loose_half_vector __attribute__((vector_size(32), aligned(sizeof(SCALAR)), may_alias));
