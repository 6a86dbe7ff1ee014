// Products of matrices in Float32 with vectors in Float64. The including file, one for each level of the processor, defines
// MULTIPLY_PANELS, what the product is declared with.

#include "Elements.h"

#define SCALAR float
#define REAL double
#define LANES (64 / sizeof(SCALAR))

#include "PanelTemplate.h"
