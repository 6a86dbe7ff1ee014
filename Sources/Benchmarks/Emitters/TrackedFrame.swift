internal import Foundation
internal import ZeroMQ

/// Tells when libzmq has let go of a frame, which is when its bytes have been handed to the operating system.
public struct TrackedFrame {
    private weak var frame: Frame?

    /// Tracks a frame, which whoever calls lets go of after sending it.
    ///
    /// - Precondition: The frame is longer than those that are copied into a message.
    init(_ frame: Frame) {
        precondition(frame.byteCount > 1024, "A short frame is copied into its message")
        self.frame = frame
    }

    /// Waits until the frame is gone, for ten seconds at most.
    ///
    /// - Returns: When it was seen to be gone, a tenth of a millisecond late at most on an idle machine.
    func waitUntilReleased() -> ContinuousClock.Instant {
        let deadline = ContinuousClock.now + .seconds(10)
        while self.frame != nil, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.00005)
        }
        return .now
    }
}
