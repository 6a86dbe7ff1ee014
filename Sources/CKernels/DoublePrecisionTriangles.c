#include "Elements.h"

#define SCALAR double
#define REAL double
#define KERNEL(name) kernel_##name##_f64

#include "TriangleTemplate.h"

#include "PanelTemplate.h"

#include "BasisTemplate.h"
