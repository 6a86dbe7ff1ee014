internal import CKernels

/// Numbers that are packed after a product, and that the product asks for meanwhile.
///
/// A panel that comes from memory is waited for when it is packed, while a product, whose numbers are in the cache,
/// leaves memory idle. Which pieces of rows come next no processor guesses.
///
/// Only the cache follows the addresses, unless the numbers are copied: one whose numbers have gone does no harm.
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
    ///
    /// - Parameters:
    ///   - copy: Where the kernel copies it to, row after row, in whole cache lines; empty where it is only asked for.
    ///   - body: The closure.
    @unsafe func withKernelUpcoming(
        copyingTo copy: inout MutableSpan<UInt8>,
        _ body: (UnsafePointer<kernel_upcoming>) -> Void
    ) {
        let pieceByteCount = self.columns.count * self.byteCount
        let isCopying = !copy.isEmpty
        precondition(
            !isCopying || (pieceByteCount.isMultiple(of: 64) && copy.count >= self.rows.count * pieceByteCount)
        )
        // SAFETY: The addresses are valid while the closure runs. Those that they hold are followed only to copy, for
        // which the caller answers, and for which there is room.
        unsafe self.rows.withUnsafeBufferPointer { rows in
            unsafe copy.withUnsafeMutableBytes { copy in
                var upcoming = unsafe kernel_upcoming(
                    rows: rows.baseAddress,
                    row_count: self.columns.isEmpty ? 0 : rows.count,
                    offset: self.columns.lowerBound * self.byteCount,
                    length: pieceByteCount,
                    copy: isCopying ? copy.baseAddress : nil
                )
                unsafe body(&upcoming)
            }
        }
    }
}
