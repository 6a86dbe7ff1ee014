// Asking for numbers while others are multiplied.
//
// A processor has a dozen or so lines of the first-level cache on their way at one time: who packs numbers straight
// from memory waits for it. Multiplying needs none, so a product asks for what is packed after it, a few lines at a
// time. Where lines would drive one another out of the cache before they are packed, they are copied as they come.

#ifndef FETCHING_AHEAD_H
#define FETCHING_AHEAD_H

#include "Elements.h"

#define CACHE_LINE 64

// How many vectors are multiplied between two times of asking. Fewer cost more than they hide; and of many lines at
// once some would be waited for.
#define FETCHING_STEP 256

// How many steps before its numbers are copied a line is asked for: what memory takes to answer.
#define FETCHING_LEAD 4

// A line of a row.
typedef struct {
    const uintptr_t *row;
    size_t offset;
} place;

// What is still to ask for, and to copy: in each step some lines of one row, or some whole rows.
typedef struct {
    place asked, copied;
    const uintptr_t *last_row;
    size_t first_offset, last_offset;
    // How many bytes of a row, and rows, a step asks for.
    size_t length, row_count;
    // Where the next line is copied to, if anywhere, and in how many steps.
    unsigned char *copy;
    size_t lead;
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
    if (upcoming == NULL || upcoming->row_count == 0) {
        return (fetching){0};
    }
    steps = steps > 0 ? steps : 1;
    const size_t steps_per_row = steps < upcoming->row_count ? 1 : steps / upcoming->row_count;
    const place start = {upcoming->rows, upcoming->offset};
    return (fetching){
        .asked = start,
        .copied = start,
        .last_row = upcoming->rows + upcoming->row_count,
        .first_offset = upcoming->offset,
        .last_offset = upcoming->offset + upcoming->length,
        .length = divide_up(divide_up(upcoming->length, CACHE_LINE), steps_per_row) * CACHE_LINE,
        .row_count = divide_up(upcoming->row_count, steps),
        .copy = upcoming->copy,
        .lead = FETCHING_LEAD,
    };
}

// Where the part of a row ends that a step takes, and what comes after it.
INLINE size_t pass_part(const fetching *ahead, place *at) {
    const size_t end = at->offset + ahead->length;
    const bool is_last = end >= ahead->last_offset;
    at->offset = is_last ? ahead->first_offset : end;
    at->row += is_last;
    return is_last ? ahead->last_offset : end;
}

// Asks for the lines of a step, into the second-level cache. Numbers need not begin with a line: those before them in
// theirs came first, so it is the lines' ends that are asked for.
INLINE void ask_for_part(fetching *ahead) {
    const uintptr_t row = *ahead->asked.row;
    size_t offset = ahead->asked.offset;
    for (const size_t end = pass_part(ahead, &ahead->asked); offset < end; offset += CACHE_LINE) {
        __builtin_prefetch((const void *)(row + offset + CACHE_LINE - 1), 0, 2);
    }
}

// Copies the lines of a step, of which each is as many bytes as one in the cache, wherever it begins.
INLINE void copy_part(fetching *ahead) {
    const unsigned char *const row = (const unsigned char *)*ahead->copied.row;
    size_t offset = ahead->copied.offset;
    for (const size_t end = pass_part(ahead, &ahead->copied); offset < end; offset += CACHE_LINE) {
        memcpy(ahead->copy, row + offset, CACHE_LINE);
        ahead->copy += CACHE_LINE;
    }
}

// Asks for the lines of a step, and copies those of an earlier one.
INLINE void fetch_lines(fetching *ahead) {
    for (size_t row = 0; row < ahead->row_count && ahead->asked.row < ahead->last_row; row++) {
        ask_for_part(ahead);
    }
    if (ahead->copy == NULL) {
        return;
    }
    if (ahead->lead > 0) {
        ahead->lead--;
        return;
    }
    for (size_t row = 0; row < ahead->row_count && ahead->copied.row < ahead->last_row; row++) {
        copy_part(ahead);
    }
}

// Copies what is left.
INLINE void finish_fetching(fetching *ahead) {
    while (ahead->copy != NULL && ahead->copied.row < ahead->last_row) {
        copy_part(ahead);
    }
}

#endif
