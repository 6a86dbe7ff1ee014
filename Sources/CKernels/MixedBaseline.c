// For any processor.

#define MULTIPLY_PANELS void kernel_multiply_panels_by_f64_baseline

#include "MixedPrecision.h"
