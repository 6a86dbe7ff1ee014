internal import Dispatch
internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// Posts to one Alertmanager, one request at a time.
final class AlertmanagerClient: Sendable {
    private let url: URL
    private let timeout: Duration
    private let session: URLSession
    private let state = Mutex(State())

    private struct State {
        var isCancelled = false
        var task: URLSessionDataTask?
    }

    /// Creates a client, or `nil` where the URL is none.
    init?(url: String, timeout: Duration) {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard let url = URL(string: base + "/api/v2/alerts") else { return nil }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout.inSeconds
        configuration.timeoutIntervalForResource = timeout.inSeconds
        configuration.httpMaximumConnectionsPerHost = 1
        self.url = url
        self.timeout = timeout
        self.session = URLSession(configuration: configuration)
    }

    /// Posts a text of JSON, and waits until it is taken.
    ///
    /// - Throws: ``DeliveryError`` where nobody answers in time, or the answer is not good.
    func post(_ body: [UInt8]) throws(DeliveryError) {
        var request = URLRequest(url: self.url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(body)

        let outcome = Mutex<DeliveryError?>(DeliveryError(reason: "no answer within \(self.timeout)"))
        let end = DispatchSemaphore(value: 0)
        let isBegun = self.state.withLock { state in
            guard !state.isCancelled else { return false }
            let task = self.session.dataTask(with: request) { data, response, error in
                outcome.withLock { $0 = DeliveryError(data: data, response: response, error: error) }
                end.signal()
            }
            state.task = task
            task.resume()
            return true
        }
        guard isBegun else { throw DeliveryError(reason: "the daemon is stopping") }
        // A little longer than the session's own timeout, in case that is not kept.
        if end.wait(timeout: .now() + self.timeout.inSeconds + 1) == .timedOut {
            self.state.withLock { $0.task?.cancel() }
        }
        self.state.withLock { $0.task = nil }
        if let error = outcome.withLock({ $0 }) {
            throw error
        }
    }

    /// Gives up what is under way; nothing can be posted any more.
    func cancel() {
        self.state.withLock { state in
            state.isCancelled = true
            state.task?.cancel()
        }
    }

    deinit {
        // Not before: a session that is asked for a task when it is invalid ends the process.
        self.session.finishTasksAndInvalidate()
    }
}

/// Why a delivery failed.
struct DeliveryError: Error, Hashable, CustomStringConvertible {
    /// The reason, as a clause.
    let reason: String

    /// The reason.
    var description: String { self.reason }

    init(reason: String) {
        self.reason = reason
    }

    /// What is wrong with an answer, `nil` where it is good.
    fileprivate init?(data: Data?, response: URLResponse?, error: (any Error)?) {
        if let error {
            self.init(reason: error.localizedDescription)
            return
        }
        guard let code = (response as? HTTPURLResponse)?.statusCode, !(200..<300).contains(code) else { return nil }
        let text = String(decoding: (data ?? Data()).prefix(200), as: UTF8.self)
        self.init(reason: "it answered \(code) \(text)".trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
