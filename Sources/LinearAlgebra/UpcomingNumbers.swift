internal import CKernels

/// Numbers that are packed after a product, and that the product asks for meanwhile.
///
/// A panel that comes from memory is waited for when it is packed, while a product, whose numbers are in the cache, leaves
/// memory idle. Which pieces of rows come next no processor guesses.
///
/// Only the cache follows the addresses: one whose numbers have gone does no harm.
struct UpcomingNumbers {
    private let rows: [UInt]
    private let byteCount: Int

    /// Which numbers of each row come next.
    var columns: Range<Int> = 0..<0

    /// The rows of activations.
    init(of activations: RawSpan, shape: ActivationShape) {
        // SAFETY: The address is not followed here.
        let start = unsafe activations.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        self.rows = (0..<shape.exampleCount).map { start + UInt($0 * shape.rowByteCount) }
        self.byteCount = shape.elementType.byteCount
    }

    /// Rows in the precision that they are packed in; those in the other one are not asked for.
    init<Scalar: KernelScalar>(of rows: some Sequence<StoredNumbers>, as type: Scalar.Type) {
        self.rows = rows.compactMap { row in
            // SAFETY: The address is not followed here.
            unsafe Scalar.address(of: 0..<0, in: row).map { UInt(bitPattern: $0) }
        }
        self.byteCount = MemoryLayout<Scalar>.stride
    }

    /// Calls a closure with what a kernel asks for.
    func withKernelUpcoming(_ body: (UnsafePointer<kernel_upcoming>) -> Void) {
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
