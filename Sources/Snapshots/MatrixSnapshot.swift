/// A window's CKA matrix at one moment, with everything that is known of it.
///
/// Every matrix is *L* × *L*, row-major, and `NaN` where undefined.
public struct MatrixSnapshot: Sendable {
    /// What the matrix is of, and what it covers.
    public let header: SnapshotHeader

    /// The similarity of every two layers.
    public let cka: [Double]

    /// The standard errors of ``cka``.
    public let standardErrors: [Double]

    /// Σ n(n−3)·HSIC₁ ÷ Σ n(n−3), or `nil` where the matrix came without: published messages do not carry it.
    public let hsic: [Double]?

    /// The sums of the groups of batches, for those who go on computing.
    public let groups: GroupSums?

    /// What the first components say, or `nil` where the matrix came without.
    public let firstComponents: FirstComponents?

    /// The sums that a window keeps for each group of its batches.
    public struct GroupSums: Hashable, Sendable {
        /// The number of groups, *G*.
        public let count: Int

        /// Σ n(n−3)·HSIC₁ of each group, *G* × *L* × *L*, row-major.
        public let products: [Double]

        /// The summed traces of each group's centred Gram matrices, *G* × *L*, row-major.
        public let traces: [Double]

        /// Creates the sums of some groups.
        public init(count: Int, products: [Double], traces: [Double]) {
            self.count = count
            self.products = products
            self.traces = traces
        }
    }

    /// Puts a snapshot together.
    ///
    /// - Throws: ``SnapshotError/size(of:expected:)`` where a matrix does not have as many rows as the header has layers.
    public init(
        header: SnapshotHeader,
        cka: [Double],
        standardErrors: [Double],
        hsic: [Double]? = nil,
        groups: GroupSums? = nil,
        firstComponents: FirstComponents? = nil
    ) throws(SnapshotError) {
        let count = header.layers.count
        for (name, matrix) in [("cka", cka), ("stderr", standardErrors), ("hsic", hsic ?? cka)]
        where matrix.count != count * count {
            throw .size(of: name, expected: "\(count) × \(count) values")
        }
        if let groups {
            guard groups.count >= 0, groups.products.count == groups.count * count * count else {
                throw .size(of: "groups", expected: "\(groups.count) × \(count) × \(count) values")
            }
            guard groups.traces.count == groups.count * count else {
                throw .size(of: "traces", expected: "\(groups.count) × \(count) values")
            }
        }
        try firstComponents?.check(layerCount: count)
        self.header = header
        self.cka = cka
        self.standardErrors = standardErrors
        self.hsic = hsic
        self.groups = groups
        self.firstComponents = firstComponents
    }

    /// The layers' names, in the order of the matrices' rows.
    public var layers: [String] { self.header.layers }
}
