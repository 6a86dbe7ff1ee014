// Products with folded triangles. The including file defines
//
//     SCALAR           float or double, what the entries are
//     REAL             float or double, what the vectors are
//     LANES            how many entries one vector of 64 bytes holds
//     MULTIPLY_PANELS  what stands before the parameters of the product: its name, and what comes before that

// How many numbers of the vectors 64 bytes hold.
#define REAL_LANES (64 / sizeof(REAL))

typedef SCALAR entries __attribute__((vector_size(64 / sizeof(REAL) * sizeof(SCALAR)), may_alias));
typedef REAL reals __attribute__((vector_size(64), may_alias));
typedef REAL half_reals __attribute__((vector_size(32), may_alias));
typedef REAL quarter_reals __attribute__((vector_size(16), may_alias));

// Macros and pointers: functions that take or return such vectors would be called differently at each level.
#define LOAD_ENTRIES(source) __builtin_convertvector(*(const entries *)(source), reals)

// Half after half: left to itself, the compiler adds one lane after the other.
INLINE REAL add_lanes(const reals *numbers) {
#pragma clang fp reassociate(on)
    const half_reals *const halves = (const half_reals *)numbers;
    const half_reals half = halves[0] + halves[1];
    const quarter_reals *const parts = (const quarter_reals *)&half;
    const quarter_reals quarter = parts[0] + parts[1];
    REAL sum = 0;
    for (size_t lane = 0; lane < REAL_LANES / 4; lane++) {
        sum += quarter[lane];
    }
    return sum;
}

// y = A x. The entries are read in the order in which they lie in memory. Every one serves twice, as itself and as its
// mirror image, but those of the tile on the diagonal, where both are there.
WHOLE_REGISTERS
MULTIPLY_PANELS(const scalars *panels, size_t n, const scalars *x, scalars *y) {
    const SCALAR *tile = panels;
    const REAL *const restrict factors = x;
    REAL *const restrict products = y;
    const size_t width = (n + LANES - 1) / LANES * LANES;
    memset(products, 0, width * sizeof *products);
    for (size_t first = 0; first < width; first += PANEL_ROWS) {
        const size_t corner = first / LANES * LANES;
        reals sums[PANEL_ROWS], mirrored[PANEL_ROWS];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < PANEL_ROWS; row++) {
            sums[row] = (reals){0};
            mirrored[row] = (reals){0} + factors[first + row];
#pragma clang loop unroll(full)
            for (size_t lane = 0; lane < LANES; lane += REAL_LANES) {
                sums[row] += LOAD_ENTRIES(tile + row * LANES + lane) * *(const reals *)(factors + corner + lane);
            }
        }
        tile += PANEL_ROWS * LANES;
        for (size_t column = corner + LANES; column < width; column += LANES) {
#pragma clang loop unroll(full)
            for (size_t lane = 0; lane < LANES; lane += REAL_LANES) {
                const reals right = *(const reals *)(factors + column + lane);
                reals *const target = (reals *)(products + column + lane);
                reals product = *target;
#pragma clang loop unroll(full)
                for (size_t row = 0; row < PANEL_ROWS; row++) {
                    const reals entry = LOAD_ENTRIES(tile + row * LANES + lane);
                    product += entry * mirrored[row];
                    sums[row] += entry * right;
                }
                *target = product;
            }
            tile += PANEL_ROWS * LANES;
        }
#pragma clang loop unroll(full)
        for (size_t row = 0; row < PANEL_ROWS; row++) {
            products[first + row] += add_lanes(&sums[row]);
        }
    }
}
