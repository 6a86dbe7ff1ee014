#include "Elements.h"

#define SCALAR double
#define KERNEL(name) kernel_##name##_f64

#include "TriangleTemplate.h"
