// The loops over triangles for one precision. The including file defines SCALAR as for KernelTemplate.h.

// Writes a panel of rows; returns what lies behind it. Every tile is written from its first number to its last, one
// behind the other: writes that jump take twice as long.
INLINE SCALAR *fold_panel(const SCALAR *triangle, size_t n, size_t first, const double *diagonal, SCALAR *tile) {
    const size_t width = (n + LANES - 1) / LANES * LANES;
    const size_t corner = first / LANES * LANES;
    for (size_t i = first; i < first + PANEL_ROWS; i++) {
        for (size_t j = corner; j < corner + LANES; j++) {
            const size_t upper = i < j ? i : j, lower = i < j ? j : i;
            *tile++ = lower >= n       ? 0
                      : upper == lower ? (SCALAR)diagonal[i]
                                       : triangle[upper * (2 * n - upper - 1) / 2 + lower - upper - 1];
        }
    }
    size_t column = corner + LANES;
    if (column >= width) {
        return tile;
    }
    // What is right of the tile on the diagonal: there are as many rows as a panel has.
    const SCALAR *rows[PANEL_ROWS];
    for (size_t row = 0; row < PANEL_ROWS; row++) {
        const size_t i = first + row;
        rows[row] = triangle + i * (2 * n - i - 1) / 2 + (column - i - 1);
    }
    for (; column + LANES <= n; column += LANES) {
        for (size_t row = 0; row < PANEL_ROWS; row++, tile += LANES) {
            *(vector *)tile = *(const loose_vector *)rows[row];
            rows[row] += LANES;
        }
    }
    for (size_t row = 0; column < n && row < PANEL_ROWS; row++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            *tile++ = column + lane < n ? rows[row][lane] : 0;
        }
    }
    return tile;
}

// U-centres a matrix, and with panels folds the result: each panel's rows while they are in the first-level cache.
INLINE double center_triangle(const kernel_symmetric *matrix, kernel_element element, const double *restrict offsets,
                              SCALAR *triangle, const double *diagonal, SCALAR *panels) {
    const size_t n = matrix->n, row_count = panels != NULL ? (n + LANES - 1) / LANES * LANES : n;
    eight_doubles squares = {0};
    SCALAR *target = triangle;
    for (size_t first = 0; first < row_count; first += PANEL_ROWS) {
        for (size_t i = first; i < first + PANEL_ROWS && i < n; i++) {
            target = center_row(row_start(matrix, element, i), element, n, i, matrix->scale, offsets, target, &squares);
        }
        if (panels != NULL) {
            panels = fold_panel(triangle, n, first, diagonal, panels);
        }
    }
    return 2 * sum_of_eight(&squares);
}

WHOLE_REGISTERS
static double center_triangle_kernel(const kernel_symmetric *matrix, const double *offsets, scalars *triangle) {
#define CENTER_TRIANGLE(constant) center_triangle(matrix, constant, offsets, triangle, NULL, NULL)
    FOR_MATRIX_ELEMENT(matrix->element, CENTER_TRIANGLE)
#undef CENTER_TRIANGLE
}

WHOLE_REGISTERS
static double fold_centered_triangle_kernel(const kernel_symmetric *matrix, const double *offsets, scalars *triangle,
                                            const double *diagonal, scalars *panels) {
#define FOLD_CENTERED_TRIANGLE(constant) center_triangle(matrix, constant, offsets, triangle, diagonal, panels)
    FOR_MATRIX_ELEMENT(matrix->element, FOLD_CENTERED_TRIANGLE)
#undef FOLD_CENTERED_TRIANGLE
}

// The squares of a row are summed in its precision, those of all rows in Float64.
WHOLE_REGISTERS
static double remove_outer_product_kernel(const scalars *source, size_t n, double lambda, const scalars *vector,
                                          const scalars *additions, scalars *target) {
#pragma clang fp reassociate(on) contract(fast)
    const SCALAR *restrict triangle = source;
    const SCALAR *const restrict u = vector, *const restrict offsets = additions;
    SCALAR *restrict result = target;
    double squares = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const SCALAR factor = (SCALAR)(lambda * u[i]), offset = offsets[i];
        const size_t count = n - i - 1;
        SCALAR row_squares = 0;
        for (size_t j = 0; j < count; j++) {
            const SCALAR rest = triangle[j] - factor * u[i + 1 + j] + (offset + offsets[i + 1 + j]);
            row_squares += rest * rest;
            result[j] = rest;
        }
        squares += row_squares;
        triangle += count;
        result += count;
    }
    return squares;
}
