/// Recognises blocks from one moment to the next although their edges move.
///
/// A block is the one of before while the two intervals overlap by half, intersection over union, and are of the same layer
/// group. Where several could be meant the largest overlap decides, so that each is taken once: of two blocks that merge one
/// continues and the other is no longer seen; of one that splits the larger overlap continues, and the other is new.
///
/// A block that is not seen keeps its last interval, and is recognised when it comes back, until ``forget(_:)``: how often
/// it must be missed is not for the geometry to say.
public struct BlockTracker: Hashable, Sendable {
    /// A block that is being followed.
    public struct Track: Hashable, Sendable {
        /// The block's number, never given twice by a tracker.
        public let id: Int

        /// The name of its layer group, `nil` for all layers.
        public let group: String?

        /// Its interval where it was last seen, in the full list of layers.
        public internal(set) var layers: ClosedRange<Int>

        /// Creates a block that was followed before.
        public init(id: Int, group: String?, layers: ClosedRange<Int>) {
            self.id = id
            self.group = group
            self.layers = layers
        }
    }

    /// What has become of one block.
    public struct Sighting: Hashable, Sendable {
        /// The block's number.
        public let id: Int

        /// The interval that was recognised, `nil` where none was.
        public let candidate: BlockCandidate?

        /// Whether it is seen for the first time.
        public let isNew: Bool
    }

    /// The overlap, intersection over union, from which two intervals are the same block.
    public var overlap: Double

    /// The blocks that are followed, oldest first.
    public private(set) var tracks: [Track]

    /// The number of the next new block.
    public private(set) var nextID: Int

    /// Creates a tracker.
    ///
    /// - Parameters:
    ///   - overlap: The overlap from which two intervals are the same block.
    ///   - tracks: Blocks that were followed before, oldest first.
    ///   - nextID: The number of the next new block, above those of `tracks`.
    public init(overlap: Double, tracks: [Track] = [], nextID: Int = 0) {
        self.overlap = overlap
        self.tracks = tracks
        self.nextID = tracks.reduce(nextID) { max($0, $1.id + 1) }
    }

    /// Recognises the blocks of a new moment.
    ///
    /// - Parameter candidates: All intervals that were found.
    /// - Returns: First every block that was followed, oldest first, then the new ones in the order of `candidates`.
    /// - Complexity: O(*b* *c* log(*b* *c*)) for *b* blocks and *c* candidates.
    public mutating func follow(_ candidates: [BlockCandidate]) -> [Sighting] {
        var successors = [Int?](repeating: nil, count: self.tracks.count)
        var isTaken = [Bool](repeating: false, count: candidates.count)
        for match in self.matches(with: candidates)
        where successors[match.track] == nil && !isTaken[match.candidate] {
            successors[match.track] = match.candidate
            isTaken[match.candidate] = true
        }

        var sightings: [Sighting] = []
        for (place, successor) in successors.enumerated() {
            if let successor {
                self.tracks[place].layers = candidates[successor].layers
            }
            let candidate = successor.map { candidates[$0] }
            sightings.append(Sighting(id: self.tracks[place].id, candidate: candidate, isNew: false))
        }
        for (candidate, isTaken) in zip(candidates, isTaken) where !isTaken {
            self.tracks.append(Track(id: self.nextID, group: candidate.group, layers: candidate.layers))
            sightings.append(Sighting(id: self.nextID, candidate: candidate, isNew: true))
            self.nextID += 1
        }
        return sightings
    }

    /// Ends the following of a block.
    public mutating func forget(_ id: Int) {
        self.tracks.removeAll { $0.id == id }
    }

    /// The pairs that could be the same block, by falling overlap; of equal ones the older block first, and the first
    /// candidate.
    private func matches(with candidates: [BlockCandidate]) -> [(track: Int, candidate: Int)] {
        var matches: [(track: Int, candidate: Int, overlap: Double)] = []
        for (trackPlace, track) in self.tracks.enumerated() {
            for (candidatePlace, candidate) in candidates.enumerated() where candidate.group == track.group {
                let overlap = track.layers.overlap(with: candidate.layers)
                // Two intervals that share no layer are two blocks, whatever the setting says.
                if overlap > 0, overlap >= self.overlap {
                    matches.append((trackPlace, candidatePlace, overlap))
                }
            }
        }
        return matches.sorted { ($1.overlap, $0.track, $0.candidate) < ($0.overlap, $1.track, $1.candidate) }
            .map { ($0.track, $0.candidate) }
    }
}

extension ClosedRange<Int> {
    /// The number of common elements over the number of elements of either.
    func overlap(with other: ClosedRange<Int>) -> Double {
        let common = Swift.min(self.upperBound, other.upperBound) - Swift.max(self.lowerBound, other.lowerBound) + 1
        guard common > 0 else { return 0 }
        return Double(common) / Double(self.count + other.count - common)
    }
}
