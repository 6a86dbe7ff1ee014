// For any processor.

// Two rows of sums at a time: 16 registers of a quarter of a vector are what the weakest have.
#define GROUP 2
#define WIDE_GROUP 0
#define TABLE kernel_table_f64_baseline

#include "DoublePrecision.h"
