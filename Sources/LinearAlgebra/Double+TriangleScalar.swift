internal import CKernels

extension Double: TriangleScalar {
    package static func lanczosStep(
        triangle: Span<Double>,
        diagonal: Span<Double>,
        current: Span<Double>,
        previous: Span<Double>,
        beta: Double,
        excluded: Span<Double>,
        next: inout MutableSpan<Double>
    ) -> (alpha: Double, squares: Double) {
        let n = next.count
        precondition(triangle.count == n * (n - 1) / 2 && diagonal.count == n && excluded.count == n)
        precondition(current.count == n && previous.count == n)
        // SAFETY: The kernel reads a triangle of n rows and n numbers of every vector, and writes n numbers; all of
        // them were checked to exist.
        let step = unsafe triangle.withUnsafeBufferPointer { triangle in
            unsafe diagonal.withUnsafeBufferPointer { diagonal in
                unsafe current.withUnsafeBufferPointer { current in
                    unsafe previous.withUnsafeBufferPointer { previous in
                        unsafe excluded.withUnsafeBufferPointer { excluded in
                            unsafe next.withUnsafeMutableBufferPointer { next in
                                unsafe kernel_lanczos_step_f64(
                                    triangle.baseAddress,
                                    n,
                                    diagonal.baseAddress,
                                    current.baseAddress,
                                    previous.baseAddress,
                                    beta,
                                    excluded.baseAddress,
                                    next.baseAddress
                                )
                            }
                        }
                    }
                }
            }
        }
        return (step.alpha, step.squares)
    }

    package static func removeOuterProduct(
        of vector: Span<Double>,
        times lambda: Double,
        offsets: Span<Double>,
        from triangle: Span<Double>,
        into result: inout MutableSpan<Double>
    ) -> Double {
        let n = vector.count
        precondition(triangle.count == n * (n - 1) / 2 && result.count == triangle.count && offsets.count == n)
        // SAFETY: The kernel reads and writes triangles of n rows and reads n numbers of both vectors; all of them
        // were checked to exist.
        return unsafe triangle.withUnsafeBufferPointer { triangle in
            unsafe vector.withUnsafeBufferPointer { vector in
                unsafe offsets.withUnsafeBufferPointer { offsets in
                    unsafe result.withUnsafeMutableBufferPointer { result in
                        unsafe kernel_remove_outer_product_f64(
                            triangle.baseAddress,
                            n,
                            lambda,
                            vector.baseAddress,
                            offsets.baseAddress,
                            result.baseAddress
                        )
                    }
                }
            }
        }
    }
}
