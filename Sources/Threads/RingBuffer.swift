/// A first-in, first-out queue in an array whose end is joined to its start.
struct RingBuffer<Element> {
    /// The places; those that hold an element follow one another from `first` on, around the end.
    private var places: [Element?]

    /// The place of the oldest element.
    private var first = 0

    /// How many elements wait.
    private(set) var count = 0

    /// Creates an empty queue with room for `capacity` elements.
    init(capacity: Int) {
        self.places = Array(repeating: nil, count: capacity)
    }

    /// Adds an element behind all others.
    ///
    /// - Returns: `false`, and nothing is added, where the queue is full.
    /// - Complexity: O(1).
    mutating func append(_ element: Element) -> Bool {
        guard self.count < self.places.count else { return false }
        self.places[(self.first + self.count) % self.places.count] = element
        self.count += 1
        return true
    }

    /// Removes the oldest element, or returns `nil` where there is none.
    ///
    /// - Complexity: O(1).
    mutating func popFirst() -> Element? {
        guard self.count > 0 else { return nil }
        // Taking rather than copying: a place that went on holding the element would keep its memory.
        let element = self.places[self.first].take()
        self.first = (self.first + 1) % self.places.count
        self.count -= 1
        return element
    }
}
