#include "Elements.h"

#define SCALAR float
#define BITS uint32_t
#define SIGN_BIT 0x80000000u
#define KERNEL(name) kernel_##name##_f32

#include "KernelTemplate.h"
