// One number of a message, widened. Each function reads unaligned little-endian bytes.

#ifndef WIDENING_H
#define WIDENING_H

#include <stdint.h>
#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Messages are little-endian and are read in place."
#endif

// Inlined into each clone, so that the clone's instruction set applies: F16 becomes `vcvtph2ps` where there is one.
#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DISPATCHED
#endif

INLINE float widen_f16(const unsigned char *source, size_t index) {
    _Float16 value;
    memcpy(&value, source + 2 * index, sizeof value);
    return (float)value;
}

INLINE float widen_bf16(const unsigned char *source, size_t index) {
    uint16_t upper_half;
    memcpy(&upper_half, source + 2 * index, sizeof upper_half);
    const uint32_t bits = (uint32_t)upper_half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE float widen_f32(const unsigned char *source, size_t index) {
    float value;
    memcpy(&value, source + 4 * index, sizeof value);
    return value;
}

INLINE double widen_f64(const unsigned char *source, size_t index) {
    double value;
    memcpy(&value, source + 8 * index, sizeof value);
    return value;
}

INLINE uint32_t magnitude_bits_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffffu;
}

INLINE uint64_t magnitude_bits_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffffffffffffull;
}

#endif
