// One name for the kernels of both precisions and of all levels.

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "KernelTable.h"

typedef struct {
    const char *name;
    const kernel_table *f32;
    const kernel_table *f64;
} kernel_level;

// Each has what the one before it has.
static const kernel_level levels[] = {
    {"baseline", &kernel_table_f32_baseline, &kernel_table_f64_baseline},
#ifdef __x86_64__
    {"x86-64-v3", &kernel_table_f32_v3, &kernel_table_f64_v3},
    {"x86-64-v4", &kernel_table_f32_v4, &kernel_table_f64_v4},
#endif
};

// The highest level that the processor has.
static const kernel_level *processor_level(void) {
    size_t highest = 0;
#ifdef __x86_64__
    highest += __builtin_cpu_supports("x86-64-v3") != 0;
    highest += highest > 0 && __builtin_cpu_supports("x86-64-v4") != 0;
#endif
    return &levels[highest];
}

// The processor's level, or the lower one that the environment names.
static const kernel_level *chosen_level(void) {
    const kernel_level *const highest = processor_level();
    const char *const limit = getenv("LIVECKA_KERNELS");
    for (const kernel_level *level = levels; limit != NULL && level < highest; level++) {
        if (strcmp(limit, level->name) == 0) {
            return level;
        }
    }
    return highest;
}

static const kernel_level *current_level(void) {
    static _Atomic(const kernel_level *) current;
    const kernel_level *level = atomic_load_explicit(&current, memory_order_relaxed);
    if (level == NULL) {
        level = chosen_level();
        atomic_store_explicit(&current, level, memory_order_relaxed);
    }
    return level;
}

const char *kernel_level_name(void) {
    return current_level()->name;
}

const char *kernel_processor_level_name(void) {
    return processor_level()->name;
}

#define KERNEL(name) (scalar == KERNEL_F64 ? current_level()->f64 : current_level()->f32)->name

kernel_panel_summary kernel_pack_centered(kernel_element scalar, const void *source, size_t source_stride,
                                          kernel_element element, size_t rows, size_t columns, double scale,
                                          scalars *packed, scalars *means) {
    return KERNEL(pack_centered)(source, source_stride, element, rows, columns, scale, packed, means);
}

void kernel_pack(kernel_element scalar, const uintptr_t *rows, size_t offset, kernel_element element,
                 size_t row_count, size_t columns, scalars *packed) {
    KERNEL(pack)(rows, offset, element, row_count, columns, packed);
}

void kernel_multiply_blocks(kernel_element scalar, const scalars *rows, size_t row_count, const scalars *columns,
                            size_t column_count, size_t depth, bool is_triangle, scalars *result, size_t stride,
                            bool is_adding, const kernel_upcoming *upcoming) {
    KERNEL(multiply_blocks)(rows, row_count, columns, column_count, depth, is_triangle, result, stride, is_adding,
                            upcoming);
}

void kernel_convert(kernel_element scalar, const void *source, kernel_element element, size_t count, double scale,
                    scalars *result) {
    KERNEL(convert)(source, element, count, scale, result);
}

double kernel_largest_magnitude(kernel_element scalar, const void *source, kernel_element element, size_t count) {
    return KERNEL(largest_magnitude)(source, element, count);
}

void kernel_add_rows(kernel_element scalar, const scalars *matrix, size_t stride, size_t rows, size_t columns,
                     bool is_triangle, double *totals, size_t total_columns) {
    KERNEL(add_rows)(matrix, stride, rows, columns, is_triangle, totals, total_columns);
}

// A matrix is computed in the precision that its numbers have, or in Float32 where that is less.
#define KERNEL_OF(matrix, name) (matrix->element == KERNEL_F64 ? current_level()->f64 : current_level()->f32)->name

double kernel_symmetric_sums(const kernel_symmetric *matrix, double *sums, double *diagonal) {
    return KERNEL_OF(matrix, symmetric_sums)(matrix, sums, diagonal);
}

double kernel_center_triangle(const kernel_symmetric *matrix, const double *offsets, scalars *triangle) {
    return KERNEL_OF(matrix, center_triangle)(matrix, offsets, triangle);
}

double kernel_fold_centered_triangle(const kernel_symmetric *matrix, const double *offsets, scalars *triangle,
                                     const double *diagonal, scalars *panels) {
    return KERNEL_OF(matrix, fold_centered_triangle)(matrix, offsets, triangle, diagonal, panels);
}

void kernel_multiply_panels(kernel_element entries, kernel_element scalar, const scalars *panels, size_t n,
                            const scalars *x, scalars *y) {
    if (entries == scalar) {
        KERNEL(multiply_panels)(panels, n, x, y);
    } else {
        current_level()->f32->multiply_panels_by_f64(panels, n, x, y);
    }
}

kernel_remainder kernel_orthonormalize(kernel_element scalar, scalars *basis, size_t fixed, size_t first, size_t count,
                                       size_t n) {
    return KERNEL(orthonormalize)(basis, fixed, first, count, n);
}

double kernel_remove_outer_product(kernel_element scalar, const scalars *triangle, size_t n, double lambda,
                                   const scalars *u, const scalars *offsets, scalars *result) {
    return KERNEL(remove_outer_product)(triangle, n, lambda, u, offsets, result);
}
