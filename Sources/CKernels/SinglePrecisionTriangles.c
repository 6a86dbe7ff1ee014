#include "Elements.h"

#define SCALAR float
#define KERNEL(name) kernel_##name##_f32

#include "TriangleTemplate.h"
