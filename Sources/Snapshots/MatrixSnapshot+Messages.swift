public import WireFormat

extension MatrixSnapshot {
    /// Reads the answer to a `snapshot` request.
    ///
    /// - Parameters:
    ///   - header: The `result` of the reply.
    ///   - frames: The frames that follow it, of little-endian doubles: `cka`, `stderr` and `hsic`. Where groups were asked
    ///     for, the header says how many there are, and three frames follow: *L* dominances, *G* × *L* × *L* products and
    ///     *G* × *L* traces.
    /// - Throws: ``SnapshotError`` where the header or the frames do not fit.
    public init(controlReply header: JSONObject, frames: [[UInt8]]) throws(SnapshotError) {
        guard frames.count == 3 || frames.count == 6 else { throw .frameCount(frames.count) }
        let header = try SnapshotHeader(header)
        let count = header.layers.count
        try Self.checkLayout(of: header)

        var groups: GroupSums?
        if frames.count == 6 {
            guard let groupCount = header.object["groups"]?.exactInteger, (0...1 << 20).contains(groupCount) else {
                throw .header(key: "groups", expected: "the number of groups")
            }
            groups = GroupSums(
                count: groupCount,
                products: try Self.values("groups", frames[4], shape: [groupCount, count, count]),
                traces: try Self.values("traces", frames[5], shape: [groupCount, count])
            )
        }
        try self.init(
            header: header,
            cka: try Self.values("cka", frames[0], shape: [count, count]),
            standardErrors: try Self.values("stderr", frames[1], shape: [count, count]),
            hsic: try Self.values("hsic", frames[2], shape: [count, count]),
            groups: groups
        )
    }

    /// Reads a published matrix.
    ///
    /// - Parameter frames: All frames of the message: the topic, the header, `cka` and `stderr`.
    /// - Throws: ``SnapshotError`` where the header or the frames do not fit.
    public init(publishedFrames frames: [[UInt8]]) throws(SnapshotError) {
        guard frames.count == 4 else { throw .frameCount(frames.count) }
        let header = try SnapshotHeader(try JSONObject(parsing: frames[1]))
        let count = header.layers.count
        try Self.checkLayout(of: header)
        try self.init(
            header: header,
            cka: try Self.values("cka", frames[2], shape: [count, count]),
            standardErrors: try Self.values("stderr", frames[3], shape: [count, count])
        )
    }

    /// Refuses frames whose header says that they hold something else than *L* × *L* doubles.
    private static func checkLayout(of header: SnapshotHeader) throws(SnapshotError) {
        let count = header.layers.count
        if let type = header.object["dtype"], type != "F64" {
            throw .header(key: "dtype", expected: "\"F64\"")
        }
        if let shape = header.object["shape"], shape != .array([.integer(count), .integer(count)]) {
            throw .header(key: "shape", expected: "[\(count), \(count)]")
        }
    }

    private static func values(_ name: String, _ frame: [UInt8], shape: [Int]) throws(SnapshotError) -> [Double] {
        guard frame.count == 8 * shape.reduce(1, *) else {
            throw .size(of: name, expected: shape.map(String.init).joined(separator: " × ") + " doubles")
        }
        return Float64Bytes.decode(frame[...])
    }
}
