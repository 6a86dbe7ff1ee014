// The loops over triangles for one precision. The including file defines SCALAR as for KernelTemplate.h.

// y = A x. Four rows at a time: every number of x and y is loaded once for the four, and every entry of the triangle
// serves twice, as itself and as its mirror image.
INLINE void multiply_triangle(const SCALAR *restrict triangle, size_t n, const double *restrict diagonal,
                              const double *restrict x, double *restrict y) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t i = 0; i < n; i++) {
        y[i] = diagonal[i] * x[i];
    }
    const SCALAR *row = triangle;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const SCALAR *const quad[] = {row, row + (n - i - 1), row + 2 * (n - i) - 3, row + 3 * (n - i) - 6};
        for (size_t upper = 0; upper < 3; upper++) {
            for (size_t lower = upper + 1; lower < 4; lower++) {
                const double entry = quad[upper][lower - upper - 1];
                y[i + upper] += entry * x[i + lower];
                y[i + lower] += entry * x[i + upper];
            }
        }
        const SCALAR *const row0 = quad[0] + 3, *const row1 = quad[1] + 2, *const row2 = quad[2] + 1,
                           *const row3 = quad[3];
        const double x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
        const double *const right = x + i + 4;
        double *const sums = y + i + 4;
        double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (size_t j = 0; j < n - i - 4; j++) {
            const double entry0 = row0[j], entry1 = row1[j], entry2 = row2[j], entry3 = row3[j];
            sums[j] += (entry0 * x0 + entry1 * x1) + (entry2 * x2 + entry3 * x3);
            sum0 += entry0 * right[j];
            sum1 += entry1 * right[j];
            sum2 += entry2 * right[j];
            sum3 += entry3 * right[j];
        }
        y[i] += sum0;
        y[i + 1] += sum1;
        y[i + 2] += sum2;
        y[i + 3] += sum3;
        row += 4 * (n - i) - 10;
    }
    for (; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            const double entry = *row++;
            y[i] += entry * x[j];
            y[j] += entry * x[i];
        }
    }
}

static kernel_lanczos_step take_lanczos_step_kernel(const scalars *triangle, size_t n, const double *diagonal,
                                                    const double *x, const double *previous, double beta,
                                                    const double *excluded, double *y) {
#pragma clang fp reassociate(on) contract(fast)
    multiply_triangle(triangle, n, diagonal, x, y);
    double alpha = 0;
    for (size_t i = 0; i < n; i++) {
        alpha += x[i] * y[i];
    }
    double sum = 0, along = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        y[i] -= alpha * x[i] + beta * previous[i];
        sum += y[i];
        along += y[i] * excluded[i];
        left += y[i] * x[i];
    }
    const double mean = sum / (double)n;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        y[i] -= mean + along * excluded[i] + left * x[i];
        squares += y[i] * y[i];
    }
    return (kernel_lanczos_step){alpha, squares};
}

static double remove_outer_product_kernel(const scalars *source, size_t n, double lambda,
                                               const double *restrict u, const double *restrict offsets,
                                               scalars *target) {
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
