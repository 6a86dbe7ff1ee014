// The loops over triangles for one precision. The including file defines SCALAR as for KernelTemplate.h.

// Every tile is written from its first number to its last, one behind the other: writes that jump take twice as long.
static void fold_triangle_kernel(const scalars *triangle, size_t n, const double *diagonal, scalars *panels) {
    const SCALAR *const source = triangle;
    SCALAR *tile = panels;
    const size_t width = (n + LANES - 1) / LANES * LANES;
    for (size_t first = 0; first < width; first += PANEL_ROWS) {
        const size_t corner = first / LANES * LANES;
        for (size_t i = first; i < first + PANEL_ROWS; i++) {
            for (size_t j = corner; j < corner + LANES; j++) {
                const size_t upper = i < j ? i : j, lower = i < j ? j : i;
                *tile++ = lower >= n       ? 0
                          : upper == lower ? (SCALAR)diagonal[i]
                                           : source[upper * (2 * n - upper - 1) / 2 + lower - upper - 1];
            }
        }
        // What is right of the tile on the diagonal, of as many rows as there are.
        const size_t row_count = first < n ? (n - first < PANEL_ROWS ? n - first : PANEL_ROWS) : 0;
        const SCALAR *rows[PANEL_ROWS];
        for (size_t row = 0; row < row_count; row++) {
            const size_t i = first + row;
            rows[row] = source + i * (2 * n - i - 1) / 2 + (corner + LANES - i - 1);
        }
        for (size_t column = corner + LANES; column < width; column += LANES) {
            const size_t count = n - column < LANES ? n - column : LANES;
            for (size_t row = 0; row < PANEL_ROWS; row++, tile += LANES) {
                if (count == LANES) {
                    memcpy(tile, rows[row], LANES * sizeof *tile);
                } else {
                    memset(tile, 0, LANES * sizeof *tile);
                    memcpy(tile, rows[row], count * sizeof *tile);
                }
                rows[row] += count;
            }
        }
    }
}

WHOLE_REGISTERS
static double remove_outer_product_kernel(const scalars *source, size_t n, double lambda, const double *restrict u,
                                          const double *restrict offsets, scalars *target) {
#pragma clang fp reassociate(on) contract(fast)
    const SCALAR *restrict triangle = source;
    SCALAR *restrict result = target;
    double squares = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const double factor = lambda * u[i], offset = offsets[i];
        const size_t count = n - i - 1;
        for (size_t j = 0; j < count; j++) {
            const double rest = triangle[j] - factor * u[i + 1 + j] + (offset + offsets[i + 1 + j]);
            squares += rest * rest;
            result[j] = (SCALAR)rest;
        }
        triangle += count;
        result += count;
    }
    return squares;
}
