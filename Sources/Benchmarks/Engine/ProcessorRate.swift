internal import LinearAlgebra
internal import Synchronization
internal import Threads

/// How fast the machine multiplies matrices when every core does nothing else.
///
/// Each thread computes `cblas_sgemm` of 256 × 256 × 4096 on matrices of its own, with a single-threaded BLAS, until
/// a time is over.
public final class ProcessorRate: Sendable {
    /// The number of threads that multiply at the same time.
    public let threadCount: Int

    private let duration: Duration

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - threadCount: One for each core.
    ///   - duration: How long to multiply.
    public init(threadCount: Int, duration: Duration = .milliseconds(200)) {
        self.threadCount = threadCount
        self.duration = duration
    }

    /// Measures the floating-point operations per second of all threads together.
    ///
    /// - Throws: ``SystemError`` where there are no more threads.
    public func measure() throws -> Double {
        let duration = self.duration
        let shared = Shared()
        let threads = try (0..<self.threadCount).map { index in
            try NamedThread(name: "sgemm-\(index)") {
                var product = ReferenceProduct()
                product.multiply()
                var count = 0
                let start = ContinuousClock.now
                var end = start
                repeat {
                    product.multiply()
                    count += 1
                    end = .now
                } while start.duration(to: end) < duration
                let rate = Double(count) * ReferenceProduct.operationCount / start.duration(to: end).seconds
                shared.rates.withLock { $0.append(rate) }
            }
        }
        for thread in threads {
            thread.join()
        }
        return shared.rates.withLock { $0.reduce(0, +) }
    }

    /// Where the threads leave their rates.
    private final class Shared: Sendable {
        let rates = Mutex<[Double]>([])
    }
}
