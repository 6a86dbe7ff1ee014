// Asking for numbers while others are multiplied.
//
// A processor has a dozen or so lines of the first-level cache on their way at one time: who packs numbers straight
// from memory waits for it. Multiplying needs none, so a product asks for what is packed after it, a few lines at a
// time.

#ifndef FETCHING_AHEAD_H
#define FETCHING_AHEAD_H

#include "Elements.h"

#define CACHE_LINE 64

// How many vectors are multiplied between two times of asking. Fewer cost more than they hide; and of many lines at
// once some would be waited for.
#define FETCHING_STEP 256

// What is still to ask for: in each step some lines of one row, or some whole rows.
typedef struct {
    const uintptr_t *row, *last_row;
    size_t first_offset, last_offset;
    // The next line of the row, and how many bytes of a row, and rows, a step asks for.
    size_t offset, length, row_count;
} fetching;

INLINE size_t divide_up(size_t dividend, size_t divisor) {
    return (dividend + divisor - 1) / divisor;
}

// Where a step ends that begins at the k-th of `depth` columns, of which each takes `products`.
INLINE size_t step_end(size_t k, size_t depth, const size_t products) {
    const size_t count = FETCHING_STEP / products;
    return depth - k < count ? depth : k + count;
}

// Nothing, where `upcoming` is not given.
INLINE fetching start_fetching(const kernel_upcoming *upcoming, size_t steps) {
    if (upcoming == NULL || steps == 0 || upcoming->row_count == 0) {
        return (fetching){0};
    }
    const size_t steps_per_row = steps < upcoming->row_count ? 1 : steps / upcoming->row_count;
    return (fetching){
        .row = upcoming->rows,
        .last_row = upcoming->rows + upcoming->row_count,
        .first_offset = upcoming->offset,
        .last_offset = upcoming->offset + upcoming->length,
        .offset = upcoming->offset,
        .length = divide_up(divide_up(upcoming->length, CACHE_LINE), steps_per_row) * CACHE_LINE,
        .row_count = divide_up(upcoming->row_count, steps),
    };
}

// Asks for the lines of a step, into the second-level cache. Numbers need not begin with a line: those before them in
// theirs came first, so it is the lines' ends that are asked for.
INLINE void fetch_lines(fetching *ahead) {
    for (size_t row = 0; row < ahead->row_count && ahead->row < ahead->last_row; row++) {
        const size_t end = ahead->offset + ahead->length;
        const bool is_last = end >= ahead->last_offset;
        const size_t last = is_last ? ahead->last_offset : end;
        for (size_t offset = ahead->offset; offset < last; offset += CACHE_LINE) {
            __builtin_prefetch((const void *)(*ahead->row + offset + CACHE_LINE - 1), 0, 2);
        }
        ahead->offset = is_last ? ahead->first_offset : end;
        ahead->row += is_last;
    }
}

#endif
