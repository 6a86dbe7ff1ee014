// Numbers of a message, and what every kernel needs to read them.

#ifndef ELEMENTS_H
#define ELEMENTS_H

#include <stdint.h>
#include <string.h>

#include "KernelTable.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Messages are little-endian and are read in place."
#endif

// Keeps a vector in one register where there are such: left alone, the compiler splits it for the sake of processors
// that slow down.
#define WHOLE_REGISTERS __attribute__((min_vector_width(512)))

// Inlined into each kernel, so that the kernel's instruction set applies: F16 becomes `vcvtph2ps` where there is one.
#define INLINE static inline __attribute__((always_inline))

// How many rows of a folded triangle lie together.
#define PANEL_ROWS 4

INLINE size_t element_size(kernel_element element) {
    return element == KERNEL_F64 ? 8 : element == KERNEL_F32 ? 4 : 2;
}

INLINE float load_f16(const unsigned char *source) {
    _Float16 value;
    memcpy(&value, source, sizeof value);
    return (float)value;
}

// BF16 is the upper half of an F32.
INLINE float load_bf16(const unsigned char *source) {
    uint16_t upper;
    memcpy(&upper, source, sizeof upper);
    const uint32_t bits = (uint32_t)upper << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE float load_f32(const unsigned char *source) {
    float value;
    memcpy(&value, source, sizeof value);
    return value;
}

INLINE double load_f64(const unsigned char *source) {
    double value;
    memcpy(&value, source, sizeof value);
    return value;
}

#endif
