internal import DequeModule
internal import Monitoring
internal import Similarity
internal import WireFormat

/// What waits for the thread that keeps the alerts, in order.
///
/// Whoever appends never waits. Evaluations are bounded, for each window and in bytes all together: the oldest makes room and
/// is counted. What happens to runs is little: of each sort only the last of a run waits.
struct AlertInbox: Sendable {
    /// Something to be done with the keeper's state.
    typealias Question = @Sendable (inout AlertKeeperState) -> Void

    /// Something that may change an alert.
    enum News: Sendable {
        case evaluation(WindowReading)
        case state(RunStateChange)
        case nonFinite(NonFiniteBatch)
        case reset(RunID, window: String?)
        case forget(RunID)
    }

    /// What is done next.
    enum Turn: Sendable {
        case questions([Question])
        case news(News)
        case stop
    }

    /// The evaluations of one window of a run that may wait.
    static let windowCapacity = 64

    /// The bytes of sums that may wait.
    static let byteCapacity = 256 << 20

    /// All that may wait.
    static let capacity = 8192

    /// How many evaluations, or other news, were dropped.
    private(set) var droppedCount = 0

    private var isClosed = false
    private var questions: [Question] = []
    private var news: Deque<News> = []
    private var byteCount = 0

    /// Appends news.
    mutating func append(_ news: News) {
        guard !self.isClosed else { return }
        switch news {
        case .evaluation(let reading):
            let waiting = self.news.indices.filter { self.news[$0].isEvaluation(of: reading.run, reading.window) }
            if waiting.count >= Self.windowCapacity {
                self.drop(at: waiting[0])
            }
            self.byteCount += news.byteCount
            while self.byteCount > Self.byteCapacity,
                let oldest = self.news.firstIndex(where: { $0.byteCount > 0 })
            {
                self.drop(at: oldest)
            }
        case .state, .nonFinite, .reset, .forget:
            self.news.removeAll { $0.isObsolete(after: news) }
        }
        if self.news.count >= Self.capacity {
            self.drop(at: self.news.firstIndex { $0.byteCount > 0 } ?? self.news.startIndex)
        }
        self.news.append(news)
    }

    /// Appends a question, before all news.
    ///
    /// - Returns: Whether it will be answered.
    mutating func append(_ question: @escaping Question) -> Bool {
        guard !self.isClosed else { return false }
        self.questions.append(question)
        return true
    }

    /// Takes nothing more, and lets go of the evaluations that wait.
    mutating func close() {
        self.isClosed = true
        self.questions = []
        self.news.removeAll { $0.byteCount > 0 }
    }

    /// Takes what is to be done next; `nil` where nothing is and more may come.
    mutating func takeTurn() -> Turn? {
        if !self.questions.isEmpty {
            defer { self.questions = [] }
            return .questions(self.questions)
        }
        if let news = self.news.popFirst() {
            self.byteCount -= news.byteCount
            return .news(news)
        }
        return self.isClosed ? .stop : nil
    }

    private mutating func drop(at place: Int) {
        self.byteCount -= self.news.remove(at: place).byteCount
        self.droppedCount += 1
    }
}

extension AlertInbox.News {
    /// The bytes of the sums.
    fileprivate var byteCount: Int {
        guard case .evaluation(let reading) = self else { return 0 }
        return reading.sums.groups.reduce(1) { $0 + $1.byteCount }
    }

    fileprivate func isEvaluation(of run: RunID, _ window: WindowDefinition) -> Bool {
        guard case .evaluation(let reading) = self else { return false }
        return reading.run == run && reading.window == window
    }

    /// Whether nobody needs this any more once `newer` waits too.
    fileprivate func isObsolete(after newer: AlertInbox.News) -> Bool {
        switch (self, newer) {
        case (.state(let own), .state(let change)): own.run == change.run
        case (.nonFinite(let own), .nonFinite(let batch)): own.run == batch.run && own.layer == batch.layer
        case (.reset(let own, let ownWindow), .reset(let run, let window)): own == run && ownWindow == window
        case (.forget(let own), .forget(let run)): own == run
        case (.evaluation(let own), .forget(let run)): own.run == run
        default: false
        }
    }
}
