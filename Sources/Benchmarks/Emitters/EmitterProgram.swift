internal import ZeroMQ

/// The program of an emitter in a process of its own.
///
/// For each line of its input it does something and prints a line:
///
///     send N          sends N batches, each as soon as there is room: `N`
///     attempt N MS    attempts N batches, dropping each that finds no room in MS milliseconds: `attempted dropped`
///     stream          sends batches until the process is ended, and prints nothing
///     bye             takes leave: `bye`
public struct EmitterProgram {
    private let emitter: BatchEmitter

    /// Makes a batch up and connects to a receiver.
    ///
    /// - Throws: ``ZeroMQError`` where the endpoint is not acceptable.
    public init(_ batch: SyntheticBatch, to endpoint: String) throws {
        // A line before the connection says that the batch is made up.
        announce("ready")
        self.emitter = try BatchEmitter(batch, to: endpoint, in: Context())
    }

    /// Does what the lines of the input say, until there are no more.
    ///
    /// - Throws: ``ZeroMQError`` where a batch cannot be sent.
    public func run() throws {
        while let line = readLine() {
            let words = line.split(separator: " ")
            let numbers = words.compactMap { Int($0) }
            switch (words.first, numbers.count) {
            case ("send", 1):
                try self.emitter.send(count: numbers[0])
                announce("\(numbers[0])")
            case ("attempt", 2):
                try self.emitter.attempt(count: numbers[0], patience: .milliseconds(numbers[1]))
                announce("\(self.emitter.attemptedCount) \(self.emitter.droppedCount)")
            case ("stream", 0):
                try self.emitter.send(count: .max)
            case ("bye", 0):
                try self.emitter.sayBye()
                announce("bye")
            default:
                throw ChildProcess.Failure(description: "\(line) is no command of an emitter")
            }
        }
    }
}
