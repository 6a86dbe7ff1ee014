#include "Elements.h"

#define SCALAR float
#define REAL float
#define KERNEL(name) kernel_##name##_f32

#include "TriangleTemplate.h"

#include "PanelTemplate.h"

#include "BasisTemplate.h"
