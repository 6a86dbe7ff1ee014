/// The lists of tensors that came last, with their texts.
///
/// A training job writes the same list with every batch, or the same few where its batches come in parts. A list whose
/// text is known is not read again: of a header of a thousand layers that would be nearly all the work.
struct RecentTensorLists: Sendable {
    /// The number of lists that are kept.
    static let capacity = 8

    /// The length of a text beyond which it is not kept.
    static let textCapacity = 128 << 10

    private var lists: [(text: [UInt8], list: TensorList)] = []

    /// The list whose text comes next in a header; the parser goes past it.
    func take(from parser: inout JSONParser) -> TensorList? {
        self.lists.first { parser.take($0.text) }?.list
    }

    /// Keeps a list, in place of the one that is kept for longest where there is no more room.
    mutating func append(_ list: TensorList, text: [UInt8]) {
        guard text.count <= Self.textCapacity else { return }
        if self.lists.count == Self.capacity {
            self.lists.removeFirst()
        }
        self.lists.append((text, list))
    }
}
