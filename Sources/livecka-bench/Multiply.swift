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
            duration: .milliseconds(40)
        )
        // The best of some: what disturbs a machine takes from the rate and adds nothing.
        print(try (0..<3).map { _ in try rate.measure() }.max() ?? 0)
    }
}
