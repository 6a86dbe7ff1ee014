import Foundation
import LinearAlgebra
import Testing

@Suite struct KernelLevelTests {
    /// Of a run that is to try a level's kernels, and tries others, nobody would know.
    @Test func levelThatTheEnvironmentNamesIsUsed() {
        let asked = ProcessInfo.processInfo.environment[KernelLevel.variable]
        #expect(
            asked == nil || asked == KernelLevel.current.rawValue,
            "this processor has no such level, or none is called so"
        )
        #expect(asked != nil || KernelLevel.current == .ofProcessor)
    }
}
