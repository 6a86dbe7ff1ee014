/// Scratch memory for numbers, aligned to a cache line, that grows as needed and never shrinks.
///
/// Growing discards the contents: whoever asks for room is about to fill it.
@safe
struct AlignedBuffer<Scalar: BitwiseCopyable>: ~Copyable {
    /// A cache line, and the width of the widest vector registers.
    private static var alignment: Int { 64 }

    private var storage: UnsafeMutableRawBufferPointer

    /// Creates a buffer without any memory.
    init() {
        unsafe self.storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    deinit {
        unsafe self.storage.deallocate()
    }

    /// The size of the memory that the buffer holds.
    var byteCount: Int { unsafe self.storage.count }

    /// Calls a closure with room for `count` numbers, whose values are whatever was there before.
    mutating func withRoom<Result, Failure: Error>(
        for count: Int,
        _ body: (inout MutableSpan<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        self.reserve(count)
        // SAFETY: `reserve` made the memory large enough, any bits are a valid `Scalar`, and `self` is exclusive here.
        var numbers = unsafe MutableSpan(
            _unsafeElements: UnsafeMutableBufferPointer(
                rebasing: self.storage.bindMemory(to: Scalar.self).prefix(count)
            )
        )
        return try body(&numbers)
    }

    /// Calls a closure with the first `count` numbers.
    ///
    /// - Precondition: There was room for as many before.
    borrowing func withNumbers<Result, Failure: Error>(
        _ count: Int,
        _ body: (Span<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(count * MemoryLayout<Scalar>.stride <= self.byteCount, "There is no room for \(count) numbers")
        // SAFETY: The memory is large enough, any bits are a valid `Scalar`, and `self` is borrowed meanwhile.
        let numbers = unsafe Span(
            _unsafeElements: UnsafeBufferPointer(
                rebasing: UnsafeRawBufferPointer(self.storage).bindMemory(to: Scalar.self).prefix(count)
            )
        )
        return try body(numbers)
    }

    private mutating func reserve(_ count: Int) {
        let needed = count * MemoryLayout<Scalar>.stride
        guard needed > self.byteCount else { return }
        // SAFETY: No span of the old memory can outlive the exclusive access to `self`. Zeroing means that no number
        // is ever read before it was written.
        unsafe self.storage.deallocate()
        unsafe self.storage = .allocate(byteCount: needed, alignment: Self.alignment)
        unsafe self.storage.initializeMemory(as: UInt8.self, repeating: 0)
    }
}
