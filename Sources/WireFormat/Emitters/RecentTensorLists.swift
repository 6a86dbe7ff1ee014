/// The lists of tensors that came last in good batches, with their texts.
///
/// A training job writes the same list with every batch, or the same few where its batches come in parts. A list whose
/// text is known is not read again: of a header of a thousand layers that would be nearly all the work. Whichever was
/// not met for longest goes first. The lists take some three times the memory of their texts.
struct RecentTensorLists: Sendable {
    /// The number of lists that are kept.
    static let capacity = 32

    /// The bytes of text that are kept, of all lists together.
    static let textCapacity = 1 << 20

    /// The lists, the one met last at the end.
    private var lists: [(text: [UInt8], list: TensorList)] = []

    private var textByteCount = 0

    /// The texts of the lists, the one met last at the end.
    var texts: [[UInt8]] { self.lists.map(\.text) }

    /// The list whose text comes next in a header; the parser goes past it.
    mutating func take(from parser: inout JSONParser) -> TensorList? {
        guard let index = self.lists.lastIndex(where: { parser.take($0.text) }) else { return nil }
        let known = self.lists.remove(at: index)
        self.lists.append(known)
        return known.list
    }

    /// Keeps a list.
    ///
    /// - Parameters:
    ///   - list: The list.
    ///   - text: The whole of its text, from bracket to bracket: of two such texts, neither begins with the other.
    /// - Precondition: The text is not among those that are kept.
    mutating func append(_ list: TensorList, text: [UInt8]) {
        guard text.count <= Self.textCapacity else { return }
        self.lists.append((text, list))
        self.textByteCount += text.count
        while self.lists.count > Self.capacity || self.textByteCount > Self.textCapacity {
            self.textByteCount -= self.lists.removeFirst().text.count
        }
    }
}
