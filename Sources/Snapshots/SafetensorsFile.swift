internal import WireFormat

// A safetensors file (https://github.com/huggingface/safetensors):
//
//     0        8              8 + N
//     +--------+--------------+--------------------------------+
//     |   N    | JSON header  | tensors, one after the other   |
//     +--------+--------------+--------------------------------+
//
// N is a little-endian UInt64. The header maps each tensor's name to {"dtype", "shape", "data_offsets": [begin, end]} with
// offsets from 8 + N, and `__metadata__` to an object of strings; it is padded with spaces. Tensors are row-major and
// little-endian, and cover the data without a gap or an overlap.

/// Named tensors and a few strings, as a safetensors file holds them.
public struct SafetensorsFile: Sendable {
    /// A tensor of a file.
    public struct Tensor: Hashable, Sendable {
        /// The name, unique in the file.
        public let name: String

        /// The type of the elements.
        public let elementType: SafetensorsElementType

        /// The length of each axis; a scalar has none.
        public let shape: [Int]

        /// The elements, row-major and little-endian; of a file that was read, a part of its bytes.
        public let bytes: ArraySlice<UInt8>

        /// Creates a tensor.
        ///
        /// - Precondition: `bytes` are as many as the type and the shape say, and the name is not `__metadata__`.
        public init(name: String, elementType: SafetensorsElementType, shape: [Int], bytes: ArraySlice<UInt8>) {
            precondition(name != SafetensorsFile.metadataKey, "No tensor can have the name '\(name)'")
            precondition(
                SafetensorsFile.byteCount(of: elementType, shape: shape) == bytes.count,
                "\(bytes.count) bytes are not \(elementType.rawValue) of shape \(shape)"
            )
            self.name = name
            self.elementType = elementType
            self.shape = shape
            self.bytes = bytes
        }
    }

    /// The tensors, in the order of the header.
    public let tensors: [Tensor]

    /// The strings that describe the file, in their order.
    public let metadata: [(key: String, value: String)]

    /// Creates a file in memory.
    ///
    /// - Precondition: The names of the tensors differ.
    public init(tensors: [Tensor], metadata: [(key: String, value: String)] = []) {
        precondition(Set(tensors.map(\.name)).count == tensors.count, "Two tensors have the same name")
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The tensor of a name.
    public subscript(name: String) -> Tensor? {
        self.tensors.first { $0.name == name }
    }

    private static let metadataKey = "__metadata__"

    /// The number of bytes of a tensor, or `nil` where a length is negative or the product too large.
    private static func byteCount(of elementType: SafetensorsElementType, shape: [Int]) -> Int? {
        var count = elementType.byteCount
        for length in shape {
            let (product, isTooLarge) = count.multipliedReportingOverflow(by: length)
            guard length >= 0, !isTooLarge else { return nil }
            count = product
        }
        return count
    }
}

// MARK: Writing

extension SafetensorsFile {
    /// The bytes of the file.
    public func encoded() -> [UInt8] {
        self.tensorsInDataOrder.reduce(into: self.header) { $0 += $1.bytes }
    }

    /// Appends the bytes of the file to one that is being written.
    public func write(to file: inout AtomicFile) throws(FileError) {
        try file.write(self.header)
        for tensor in self.tensorsInDataOrder {
            try file.write(tensor.bytes)
        }
    }

    /// The tensors with the widest elements first, so that each begins at a multiple of its element's size.
    private var tensorsInDataOrder: [Tensor] {
        let widths = [8, 4, 2, 1]
        return widths.flatMap { width in self.tensors.filter { $0.elementType.byteCount == width } }
    }

    /// The length and the header, padded so that the data begins at a multiple of 8.
    private var header: [UInt8] {
        var offsets: [String: Int] = [:]
        var end = 0
        for tensor in self.tensorsInDataOrder {
            offsets[tensor.name] = end
            end += tensor.bytes.count
        }

        var object: JSONObject = [:]
        if !self.metadata.isEmpty {
            var strings: JSONObject = [:]
            for (key, value) in self.metadata {
                strings[key] = .string(value)
            }
            object[Self.metadataKey] = .object(strings)
        }
        for tensor in self.tensors {
            let begin = offsets[tensor.name, default: 0]
            object[tensor.name] = .object([
                "dtype": .string(tensor.elementType.rawValue),
                "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(begin), .integer(begin + tensor.bytes.count)]),
            ])
        }
        var text = JSONValue.object(object).encoded()
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        let length = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + text
    }
}

// MARK: Reading

extension SafetensorsFile {
    /// The longest header that the format allows.
    private static let headerLimit: UInt64 = 100_000_000

    /// Reads the bytes of a file.
    ///
    /// The tensors are parts of `bytes`: nothing is copied. Refuses what the format's own reader refuses.
    ///
    /// - Throws: ``SafetensorsError`` that says what is wrong.
    public init(parsing bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else { throw .headerLength }
        let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= min(Self.headerLimit, UInt64(bytes.count - 8)) else { throw .headerLength }
        let data = bytes[(8 + Int(length))...]
        let object = try Self.object(in: bytes[8..<8 + Int(length)])

        var tensors: [Tensor] = []
        var metadata: [(key: String, value: String)] = []
        for (name, value) in object {
            if name == Self.metadataKey {
                metadata = try Self.metadata(value)
            } else {
                tensors.append(try Self.tensor(name, value, in: data))
            }
        }
        try Self.checkCoverage(of: data, by: tensors)
        self.init(tensors: tensors, metadata: metadata)
    }

    private static func object(in bytes: ArraySlice<UInt8>) throws(SafetensorsError) -> JSONObject {
        guard bytes.first == UInt8(ascii: "{") else { throw .header(reason: "it does not begin with '{'") }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw .header(reason: "\(error)")
        }
        guard case .object(let object) = value else { throw .header(reason: "it is no object") }
        return object
    }

    private static func metadata(_ value: JSONValue) throws(SafetensorsError) -> [(key: String, value: String)] {
        guard case .object(let object) = value else { throw .header(reason: "the metadata is no object") }
        var metadata: [(key: String, value: String)] = []
        for (key, value) in object {
            guard case .string(let text) = value else { throw .header(reason: "the metadata '\(key)' is no string") }
            metadata.append((key, text))
        }
        return metadata
    }

    private static func tensor(
        _ name: String,
        _ value: JSONValue,
        in data: ArraySlice<UInt8>
    ) throws(SafetensorsError) -> Tensor {
        guard case .object(let object) = value else { throw .tensor(name: name, reason: "it is no object") }
        guard case .string(let type)? = object["dtype"], let elementType = SafetensorsElementType(rawValue: type) else {
            throw .tensor(name: name, reason: "'dtype' is not known")
        }
        guard let shape = Self.counts(object["shape"]) else {
            throw .tensor(name: name, reason: "'shape' is no list of lengths")
        }
        guard let offsets = Self.counts(object["data_offsets"]), offsets.count == 2,
            offsets[0] <= offsets[1], offsets[1] <= data.count
        else {
            throw .tensor(name: name, reason: "'data_offsets' do not lie in the file")
        }
        guard self.byteCount(of: elementType, shape: shape) == offsets[1] - offsets[0] else {
            throw .tensor(name: name, reason: "'data_offsets' do not fit 'shape' and 'dtype'")
        }
        let bytes = data[data.startIndex + offsets[0]..<data.startIndex + offsets[1]]
        return Tensor(name: name, elementType: elementType, shape: shape, bytes: bytes)
    }

    /// The elements of a list of whole numbers, none of them negative; `nil` for anything else.
    private static func counts(_ value: JSONValue?) -> [Int]? {
        guard case .array(let values)? = value else { return nil }
        var counts: [Int] = []
        for value in values {
            guard case .integer(let count) = value, count >= 0 else { return nil }
            counts.append(count)
        }
        return counts
    }

    private static func checkCoverage(of data: ArraySlice<UInt8>, by tensors: [Tensor]) throws(SafetensorsError) {
        // An empty tensor shares its offset with the next one, and must come before it.
        let parts = tensors.map { ($0.bytes.startIndex, $0.bytes.endIndex) }.sorted { $0 < $1 }
        var end = data.startIndex
        for part in parts {
            guard part.0 == end else { throw .coverage }
            end = part.1
        }
        guard end == data.endIndex else { throw .coverage }
    }
}
