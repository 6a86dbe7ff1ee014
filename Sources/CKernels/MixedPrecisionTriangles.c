#include "Elements.h"

#define SCALAR float
#define REAL double
#define KERNEL(name) kernel_##name##_f32_by_f64

#include "PanelTemplate.h"
