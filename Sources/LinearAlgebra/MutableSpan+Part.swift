extension MutableSpan {
    /// Calls a closure with a part of the numbers.
    ///
    /// - Precondition: `range` is within bounds.
    package mutating func withPart<Result>(
        _ range: Range<Int>,
        _ body: (inout MutableSpan<Element>) -> Result
    ) -> Result {
        // SAFETY: `rebasing` checks the range, and `self` is exclusive here while the part is in use.
        unsafe self.withUnsafeMutableBufferPointer { numbers in
            var part = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: numbers[range]))
            return body(&part)
        }
    }
}
