internal import Monitoring
internal import Similarity
internal import WireFormat

/// How far the computation of a batch has come.
///
/// A value-type state machine. Grams come in any order; once the batch is sealed and the last Gram
/// is there, its products can be computed.
struct BatchProgress: Sendable {
    /// What is left to do for a batch.
    enum Outcome: Sendable {
        /// The products of these Gram matrices, in the order of the layers.
        case products(UCenteredBatch)
        /// Nothing: a layer is not finite.
        case failed(NonFiniteLayer)
    }

    /// The bytes that were reserved for the batch's Gram matrices.
    private(set) var reservedByteCount = 0

    private var grams: [UCenteredGram?] = []
    private var waitingCount = 0
    private var failure: NonFiniteLayer?
    private var layerOrder: [Int]?
    private var shares: [UCenteredBatch.PairShare] = []

    /// What is multiplied, the parts of it that nobody has taken, and how many have been computed.
    private var products: UCenteredBatch?
    private var remainingParts = 0..<0
    private var computedPartCount = 0

    /// Whether a layer was found not to be finite, so that the other layers need not be looked at.
    var hasFailed: Bool {
        self.failure != nil
    }

    /// Makes room for further tensors.
    ///
    /// - Returns: The place of the first of them.
    mutating func append(tensorCount: Int, reservedByteCount: Int) -> Int {
        let first = self.grams.count
        self.grams.append(contentsOf: repeatElement(nil, count: tensorCount))
        self.waitingCount += tensorCount
        self.reservedByteCount += reservedByteCount
        return first
    }

    /// Takes the order of the layers: no more tensors will come.
    mutating func seal(layerOrder: [Int]) {
        self.layerOrder = layerOrder
    }

    /// Takes what became of a tensor, `nil` where it was not looked at any more.
    mutating func finish(slot: Int, with result: Result<UCenteredGram, NonFiniteLayer>?) {
        self.waitingCount -= 1
        switch result {
        case .success(let gram): self.grams[slot] = gram
        case .failure(let failure): self.failure = self.failure ?? failure
        case nil: break
        }
    }

    /// What is to be done, once every tensor has been looked at and no more will come, until the products are laid out.
    func outcome() -> Outcome? {
        guard let layerOrder = self.layerOrder, self.waitingCount == 0, self.products == nil else { return nil }
        if let failure = self.failure {
            return .failed(failure)
        }
        return .products(UCenteredBatch(grams: layerOrder.compactMap { self.grams[$0] }))
    }

    /// Lays the parts of the products out.
    mutating func lay(out products: UCenteredBatch) {
        self.products = products
        self.remainingParts = 0..<products.partCount
    }

    /// Hands out a part of the products, `nil` where all have been taken.
    mutating func takePart() -> Int? {
        self.remainingParts.popFirst()
    }

    /// Hands out the products with a part to begin with, `nil` where none is left.
    mutating func takeProducts(of batch: BatchID) -> ProductsJob? {
        guard let grams = self.products, let part = self.takePart() else { return nil }
        return ProductsJob(batch: batch, grams: grams, firstPart: part)
    }

    /// Takes a worker's share of the products.
    ///
    /// - Parameters:
    ///   - share: The share.
    ///   - partCount: How many parts it has.
    /// - Returns: All shares, once no part is missing.
    mutating func finish(_ share: UCenteredBatch.PairShare, partCount: Int) -> [UCenteredBatch.PairShare]? {
        self.shares.append(share)
        self.computedPartCount += partCount
        return self.computedPartCount == self.remainingParts.upperBound ? self.shares : nil
    }
}
