internal import Control
internal import Threads
internal import WireFormat

/// Where requests arrive, from before there is anybody to answer them.
///
/// The control endpoint is bound before all others, so that a second daemon is refused at once. A
/// request that comes before the rest of the daemon stands waits for it.
final class ControlDesk: Sendable {
    private let service = Awaited<ControlService?>(nil)

    /// Names who answers from now on.
    func open(with service: ControlService) {
        self.service.update { $0 = service }
    }

    /// Answers a request.
    func answer(_ request: ControlRequest) -> ControlAnswer {
        guard let service = self.service.take(timeout: .seconds(2), { $0 }) else {
            let message = "the daemon is starting; ask again in a moment"
            return ControlAnswer(.failure(id: request.id, code: .refused, message: message))
        }
        return service.answer(request)
    }
}
