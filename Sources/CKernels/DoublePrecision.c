#include "Elements.h"

#define SCALAR double
#define BITS uint64_t
#define SIGN_BIT 0x8000000000000000ull
#define KERNEL(name) kernel_##name##_f64

#include "KernelTemplate.h"
