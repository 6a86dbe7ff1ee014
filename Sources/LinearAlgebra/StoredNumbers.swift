/// Numbers of either precision that are kept.
package enum StoredNumbers: Sendable {
    case single(FixedNumbers<Float>)
    case double(FixedNumbers<Double>)

    /// No numbers.
    package static let none = StoredNumbers.single(FixedNumbers(count: 0) { _ in })

    /// Keeps numbers in Float64 or in Float32.
    package init<Scalar: KernelScalar>(_ numbers: FixedNumbers<Scalar>, isDouble: Bool) {
        self = isDouble ? .double(numbers.converted()) : .single(numbers.converted())
    }

    /// Whether the numbers are in Float64.
    package var isDouble: Bool {
        if case .double = self { true } else { false }
    }

    /// The size of the numbers in memory.
    package var byteCount: Int {
        switch self {
        case .single(let numbers): numbers.count * MemoryLayout<Float>.stride
        case .double(let numbers): numbers.count * MemoryLayout<Double>.stride
        }
    }
}

/// Numbers that are written once, and then stay as they are and where they are.
///
/// A kernel can be handed many of them at one time, which nested access to as many arrays could not give it.
@safe
package final class FixedNumbers<Scalar: KernelScalar>: Sendable {
    /// How many there are.
    package let count: Int

    // SAFETY: Nobody writes after `init`, and the memory lives as long as the object.
    nonisolated(unsafe) private let storage: UnsafeMutablePointer<Scalar>

    /// Takes room for `count` numbers, and writes them all.
    package init(count: Int, _ write: (inout MutableSpan<Scalar>) -> Void) {
        self.count = count
        unsafe self.storage = .allocate(capacity: count)
        // SAFETY: Any bits are a Float or Double; the closure is to write all of them.
        var numbers = unsafe MutableSpan(_unsafeStart: self.storage, count: count)
        write(&numbers)
    }

    /// The numbers, copied.
    package var array: [Scalar] {
        self.withSpan { numbers in numbers.indices.map { numbers[$0] } }
    }

    /// Takes the numbers of an array.
    package convenience init(_ numbers: [Scalar]) {
        self.init(count: numbers.count) { copy in
            for index in numbers.indices {
                copy[index] = numbers[index]
            }
        }
    }

    deinit {
        unsafe self.storage.deallocate()
    }

    /// Calls a closure with the numbers.
    package func withSpan<Result>(_ body: (Span<Scalar>) -> Result) -> Result {
        // SAFETY: The memory lives as long as the object.
        body(unsafe Span(_unsafeStart: self.storage, count: self.count))
    }

    /// The numbers in another precision; these themselves where it is the same.
    fileprivate func converted<Other: KernelScalar>() -> FixedNumbers<Other> {
        if let same = self as? FixedNumbers<Other> {
            return same
        }
        return FixedNumbers<Other>(count: self.count) { converted in
            self.withSpan { numbers in
                // SAFETY: Every byte of a Float or Double is initialized.
                Other.convert(unsafe numbers.bytes, Scalar.elementType, scale: 1, to: &converted)
            }
        }
    }

    /// Where the given numbers are, for as long as the object lives.
    ///
    /// - Precondition: `range` is within bounds.
    func address(of range: Range<Int>) -> UnsafeRawPointer {
        precondition(0 <= range.lowerBound && range.upperBound <= self.count)
        return unsafe UnsafeRawPointer(self.storage + range.lowerBound)
    }
}
