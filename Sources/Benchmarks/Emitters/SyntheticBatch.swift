public import LinearAlgebra
public import WireFormat
public import ZeroMQ

/// A batch of numbers that mean nothing, of a given shape and type.
///
/// Uniform pseudo-random numbers, other ones for each layer: what a computation costs does not depend on them.
public struct SyntheticBatch: Sendable {
    /// The batch's header.
    public let header: BatchHeader

    /// One frame for each layer.
    public let frames: [Frame]

    /// Makes up a batch.
    ///
    /// - Parameters:
    ///   - shape: Its size. Without features each layer is a packed Gram matrix.
    ///   - elementType: How the numbers are stored.
    ///   - run: The run that it belongs to.
    public init(_ shape: BatchShape, _ elementType: ElementType, run: RunID) {
        var generator = FastRandom(seed: 1)
        var tensors: [TensorDescription] = []
        var frames: [Frame] = []
        for layer in 0..<shape.layers {
            let numbers: [Float]
            let payload: TensorDescription.Payload
            if let features = shape.features {
                numbers = generator.numbers(shape.examples * features)
                payload = .activations(featureCount: features)
            } else {
                numbers = generator.gramMatrix(shape.examples)
                payload = .gram(isPacked: true)
            }
            let frame = Frame(storing: numbers, as: elementType)
            tensors.append(
                TensorDescription(
                    layer: "layer.\(layer)",
                    elementType: elementType,
                    exampleCount: shape.examples,
                    payload: payload,
                    byteCount: frame.byteCount
                )
            )
            frames.append(frame)
        }
        self.header = BatchHeader(run: run, step: 0, tensors: tensors, exampleCount: shape.examples)
        self.frames = frames
    }

    /// The batch and copies of it, together more than the third-level cache of a common processor holds.
    ///
    /// A batch that is computed again and again stays in the cache, one that has just come is not there.
    ///
    /// - Complexity: O(*m*) for *m* bytes, those of the batch or 64 MiB.
    public func repeatedBeyondCache() -> [SyntheticBatch] {
        let byteCount = max(1, self.frames.reduce(0) { $0 + $1.byteCount })
        let count = max(1, (Self.uncachedByteCount + byteCount - 1) / byteCount)
        return [self] + (1..<count).map { _ in SyntheticBatch(copying: self) }
    }

    /// Twice the third-level cache that the cores of a common server share.
    private static let uncachedByteCount = 64 << 20

    private init(copying batch: SyntheticBatch) {
        self.header = batch.header
        self.frames = batch.frames.map { frame in frame.withBytes { Frame(copying: $0) } }
    }
}

extension Frame {
    /// Creates a frame of numbers, little-endian.
    fileprivate convenience init(storing numbers: [Float], as elementType: ElementType) {
        switch elementType {
        case .float16: self.init(storing: numbers.map { Float16($0).bitPattern.littleEndian })
        case .bfloat16: self.init(storing: numbers.map { UInt16($0.bitPattern >> 16).littleEndian })
        case .float32: self.init(storing: numbers.map { $0.bitPattern.littleEndian })
        case .float64: self.init(storing: numbers.map { Double($0).bitPattern.littleEndian })
        }
    }

    private convenience init(storing words: [some FixedWidthInteger & BitwiseCopyable]) {
        // SAFETY: Every byte of an integer is initialized.
        self.init(copying: unsafe words.span.bytes)
    }
}

/// Marsaglia's xorshift: no good for anything but speed, which is what making up a gigabyte needs.
private struct FastRandom {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed &* 0x9E37_79B9_7F4A_7C15
    }

    /// Numbers between -1 and 1.
    mutating func numbers(_ count: Int) -> [Float] {
        var numbers = [Float](repeating: 0, count: count)
        for index in numbers.indices {
            self.state ^= self.state << 13
            self.state ^= self.state >> 7
            self.state ^= self.state << 17
            numbers[index] = Float(Int32(truncatingIfNeeded: self.state)) * 0x1p-31
        }
        return numbers
    }

    /// The upper triangle of the Gram matrix of a few mean-subtracted random features, as clients send it.
    mutating func gramMatrix(_ count: Int) -> [Float] {
        let featureCount = 16
        var features = self.numbers(count * featureCount)
        for column in 0..<featureCount {
            var sum: Float = 0
            for row in 0..<count { sum += features[row * featureCount + column] }
            for row in 0..<count { features[row * featureCount + column] -= sum / Float(count) }
        }
        var gram: [Float] = []
        gram.reserveCapacity(count * (count + 1) / 2)
        for row in 0..<count {
            for other in row..<count {
                var sum: Float = 0
                for column in 0..<featureCount {
                    sum += features[row * featureCount + column] * features[other * featureCount + column]
                }
                gram.append(sum)
            }
        }
        return gram
    }
}
