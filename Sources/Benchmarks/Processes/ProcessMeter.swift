internal import Foundation
internal import Glibc

/// What a process has used, read from the operating system.
public struct ProcessMeter: Sendable {
    private let id: Int32

    /// Watches a process.
    ///
    /// - Parameter id: Its number; `nil` for this process.
    public init(id: Int32? = nil) {
        self.id = id ?? getpid()
    }

    /// The processor time of all its threads, user and system, in seconds.
    ///
    /// NaN once the process has gone.
    public var cpuSeconds: Double {
        var clock = clockid_t()
        var time = timespec()
        // SAFETY: Both calls write the value that they are given.
        guard unsafe clock_getcpuclockid(self.id, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else {
            return .nan
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// The bytes of its memory that are resident now; 0 once it has gone.
    public var residentByteCount: Int { self.status("VmRSS:") }

    /// The most bytes that have been resident since it started or since ``resetPeak()``; 0 once it has gone.
    public var peakResidentByteCount: Int { self.status("VmHWM:") }

    /// Makes the peak what is resident now.
    public func resetPeak() throws {
        try Data("5".utf8).write(to: URL(filePath: "/proc/\(self.id)/clear_refs"))
    }

    /// A number of kibibytes from the process's status, as bytes.
    private func status(_ key: String) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(self.id)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else {
            return 0
        }
        return kibibytes << 10
    }
}
