import Testing

@testable import Threads

@Suite("SystemError")
struct SystemErrorTests {
    @Test func descriptionNamesTheCallAndTheReason() {
        let error = SystemError(operation: .createWakeUp, code: 24)
        #expect(error.description == "The system could not create an event descriptor: Too many open files")
    }
}
