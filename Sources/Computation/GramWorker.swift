internal import Monitoring
internal import Similarity
internal import Threads
internal import WireFormat

/// One thread's share of the engine's work, with scratch memory of its own.
struct GramWorker {
    let queue: Awaited<EngineQueue>
    let memory: MemoryBudget
    let report: @Sendable (BatchID, GramEngine.BatchResult) -> Void

    /// Works until the engine stops.
    func run() {
        var workspace = Workspace()
        var scratchByteCount = 0
        defer { _ = self.memory.setAside(0, insteadOf: scratchByteCount, for: .scratch) }
        var lastCost: Double?
        func begin(_ queue: inout EngineQueue) -> EngineQueue.Assignment? {
            defer { lastCost = nil }
            return queue.begin(afterOneOf: lastCost)
        }
        while true {
            // Who has taken a job calls the next one, where there is work for more. Some versions of glibc can lose a
            // signal (bug 25847): who has waited for a second looks by himself.
            let assignment = self.queue.take(timeout: .seconds(1), wakingOneIf: { $0.wantsWorker }, begin)
            guard let assignment else { continue }
            guard case .work(let job) = assignment else { return }
            lastCost = job.cost
            switch job {
            case .gram(let gram, let isNeeded):
                self.perform(gram, isNeeded: isNeeded, workspace: &workspace)
            case .products(let products):
                self.perform(products, workspace: &workspace)
            }
            scratchByteCount = self.pay(for: &workspace, insteadOf: scratchByteCount)
        }
    }

    /// Sets memory aside for what the scratch has grown to, or lets go of the scratch where there is no room for it.
    ///
    /// - Returns: The bytes that are set aside.
    private func pay(for workspace: inout Workspace, insteadOf held: Int) -> Int {
        let byteCount = workspace.byteCount
        let granted = self.memory.setAside(byteCount, insteadOf: held, for: .scratch, isDivisible: false)
        if granted < byteCount {
            workspace = Workspace()
        }
        return granted
    }

    private func perform(_ job: GramJob, isNeeded: Bool, workspace: inout Workspace) {
        var result: Result<UCenteredGram, NonFiniteLayer>?
        if isNeeded {
            do {
                result = .success(try job.run(workspace: &workspace))
            } catch {
                result = .failure(error)
            }
        }
        self.memory.release(job.tensor.byteCount)
        let failed = self.queue.update(wakingOneIf: { $0.takeCall(isWorker: true) }) { queue in
            queue.finish(job.batch, slot: job.slot, with: result)
        }
        if let failed {
            self.memory.release(failed.reservedByteCount)
            self.report(job.batch, .failure(failed.layer))
        }
    }

    /// Computes parts of a batch's products as long as there are any; who brings the last one adds the shares up.
    private func perform(_ job: ProductsJob, workspace: inout Workspace) {
        var share = job.grams.emptyShare
        var partCount = 0
        var next: Int? = job.firstPart
        // Neither a part nor a share nor the end of a batch puts a job into the queue: no other worker is woken.
        while let part = next {
            job.grams.add(part: part, to: &share, workspace: &workspace)
            partCount += 1
            next = self.queue.updateQuietly { $0.takePart(of: job) }
        }
        guard let shares = self.queue.updateQuietly({ $0.finish(job, with: share, partCount: partCount) })
        else { return }
        let hsic = job.grams.hsic(summing: shares, workspace: &workspace)
        let reservedByteCount = self.queue.updateQuietly { $0.abandon(job.batch) }
        self.memory.release(reservedByteCount)
        self.report(job.batch, .success(hsic))
    }
}
