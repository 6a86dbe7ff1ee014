// The table of one precision and level. The including file defines TABLE, its name, and MULTIPLY_PANELS_BY_F64.

const kernel_table TABLE = {
    .pack_centered = pack_centered_kernel,
    .pack = pack_kernel,
    .multiply_blocks = multiply_blocks_kernel,
    .convert = convert_kernel,
    .largest_magnitude = largest_magnitude_kernel,
    .add_rows = add_rows_kernel,
    .symmetric_sums = symmetric_sums_kernel,
    .center_triangle = center_triangle_kernel,
    .fold_centered_triangle = fold_centered_triangle_kernel,
    .multiply_panels = multiply_panels_kernel,
    .multiply_panels_by_f64 = MULTIPLY_PANELS_BY_F64,
    .orthonormalize = orthonormalize_kernel,
    .remove_outer_product = remove_outer_product_kernel,
};
