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

// Macros and pointers: functions that take or return such vectors would be called differently at each level.
#define LOAD_ENTRIES(source) __builtin_convertvector(*(const entries *)(source), reals)

INLINE REAL add_lanes(const reals *numbers) {
#pragma clang fp reassociate(on)
    REAL sum = 0;
    for (size_t lane = 0; lane < REAL_LANES; lane++) {
        sum += (*numbers)[lane];
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
                reals even = *target, odd = {0};
#pragma clang loop unroll(full)
                for (size_t row = 0; row < PANEL_ROWS; row += 2) {
                    const reals upper = LOAD_ENTRIES(tile + row * LANES + lane);
                    const reals lower = LOAD_ENTRIES(tile + (row + 1) * LANES + lane);
                    even += upper * mirrored[row];
                    odd += lower * mirrored[row + 1];
                    sums[row] += upper * right;
                    sums[row + 1] += lower * right;
                }
                *target = even + odd;
            }
            tile += PANEL_ROWS * LANES;
        }
#pragma clang loop unroll(full)
        for (size_t row = 0; row < PANEL_ROWS; row++) {
            products[first + row] += add_lanes(&sums[row]);
        }
    }
}
