import ArgumentParser
import Benchmarks
import Foundation

/// Products in a process of their own.
struct Multiply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print how fast cblas_sgemm is with every core busy, in operations per second, for `engine`.",
        shouldDisplay: false
    )

    func run() throws {
        let rate = ProcessorRate(
            threadCount: ProcessInfo.processInfo.activeProcessorCount,
            duration: .milliseconds(30)
        )
        // The best of some: threads may begin on one core, and what disturbs a machine takes from the rate.
        print(try (0..<5).map { _ in try rate.measure() }.max() ?? 0)
    }
}
