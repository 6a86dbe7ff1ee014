internal import CKernels

/// Numbers that are packed after a product, and that the product asks for meanwhile.
///
/// A panel that comes from memory is waited for when it is packed, while a product, whose numbers are in the cache,
/// leaves memory idle. Which pieces of rows come next no processor guesses.
///
/// Only the cache follows the addresses: one whose numbers have gone does no harm.
struct UpcomingNumbers {
    private let rows: [UInt]
    private let byteCount: Int

    /// Which numbers of each row come next.
    var columns: Range<Int> = 0..<0

    /// Describes rows.
    ///
    /// - Parameters:
    ///   - rows: The address of each row's first number.
    ///   - byteCount: The size of a number.
    init(rows: [UInt], byteCount: Int) {
        self.rows = rows
        self.byteCount = byteCount
    }

    /// Describes activations.
    init(of activations: RawSpan, shape: ActivationShape) {
        // SAFETY: The address is not followed here.
        let start = unsafe activations.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        self.init(
            rows: (0..<shape.exampleCount).map { start + UInt($0 * shape.rowByteCount) },
            byteCount: shape.elementType.byteCount
        )
    }

    /// Calls a closure with what a kernel asks for.
    func withKernelUpcoming(_ body: (UnsafePointer<kernel_upcoming>) -> Void) {
        // SAFETY: The addresses are valid while the closure runs; those that they hold are not followed.
        unsafe self.rows.withUnsafeBufferPointer { rows in
            var upcoming = unsafe kernel_upcoming(
                rows: rows.baseAddress,
                row_count: self.columns.isEmpty ? 0 : rows.count,
                offset: self.columns.lowerBound * self.byteCount,
                length: self.columns.count * self.byteCount
            )
            unsafe body(&upcoming)
        }
    }
}
