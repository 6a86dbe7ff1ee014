internal import CKernels

// A triangle is packed, row by row; for *n* rows it has *n*(*n* − 1)/2 entries. Sums are in Float64.
extension KernelScalar {
    /// Computes *A x* − α *x* − β *p*, without its components along (1, …, 1) and along `excluded`.
    ///
    /// - Parameters:
    ///   - triangle: The matrix *A* right of its diagonal.
    ///   - diagonal: The diagonal of *A*.
    ///   - current: *x*, of unit length and orthogonal to (1, …, 1) and `excluded`.
    ///   - previous: *p*.
    ///   - beta: β.
    ///   - excluded: A vector of unit length and orthogonal to (1, …, 1), or zero.
    ///   - next: Room for the result.
    /// - Returns: α = *xᵀ A x*, and the squared length of the result.
    static func lanczosStep(
        triangle: Span<Self>,
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
                                unsafe kernel_take_lanczos_step(
                                    self.elementType.kernelElement,
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

    /// Writes tᵢⱼ − λ uᵢ uⱼ + oᵢ + oⱼ for every entry of a triangle.
    ///
    /// - Returns: The sum of the squares of what was written.
    package static func removeOuterProduct(
        of vector: Span<Double>,
        times lambda: Double,
        offsets: Span<Double>,
        from triangle: Span<Self>,
        into result: inout MutableSpan<Self>
    ) -> Double {
        let n = vector.count
        precondition(triangle.count == n * (n - 1) / 2 && result.count == triangle.count && offsets.count == n)
        // SAFETY: The kernel reads and writes triangles of n rows and reads n numbers of both vectors; all of them
        // were checked to exist.
        return unsafe triangle.withUnsafeBufferPointer { triangle in
            unsafe vector.withUnsafeBufferPointer { vector in
                unsafe offsets.withUnsafeBufferPointer { offsets in
                    unsafe result.withUnsafeMutableBufferPointer { result in
                        unsafe kernel_remove_outer_product(
                            self.elementType.kernelElement,
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
