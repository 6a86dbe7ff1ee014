internal import CKernels

/// Rows of equal length that are kept somewhere, to be packed panel by panel.
struct StoredRows<Scalar: KernelScalar> {
    private let rows: [StoredNumbers]

    /// Where each row is; 0 for one of the other precision.
    private let addresses: [UInt]

    /// How many numbers of each row there are at least.
    private let length: Int

    /// Keeps rows.
    ///
    /// - Precondition: Every row has at least `length` numbers.
    init(_ rows: [StoredNumbers], length: Int) {
        self.rows = rows
        self.length = length
        self.addresses = rows.map { $0.address(of: 0..<length, as: Scalar.self) ?? 0 }
    }

    /// What a product of some rows, and perhaps of others with them, asks for.
    func upcoming(_ rows: Range<Int>, _ others: Range<Int>) -> UpcomingNumbers {
        var addresses = self.addresses[rows]
        if others != rows {
            addresses += self.addresses[others]
        }
        return UpcomingNumbers(rows: addresses.filter { $0 != 0 }, byteCount: MemoryLayout<Scalar>.stride)
    }

    /// Packs columns of some rows.
    ///
    /// - Parameters:
    ///   - columns: Which numbers of each row.
    ///   - rows: Which rows.
    ///   - converted: Scratch for rows of the other precision.
    ///   - packed: Scratch that gets as many numbers of the rows, in whole blocks.
    /// - Precondition: Rows have the columns.
    func pack(
        columns: Range<Int>,
        of rows: Range<Int>,
        converting converted: inout AlignedBuffer<Scalar>,
        into packed: inout AlignedBuffer<Scalar>
    ) {
        precondition(0 <= columns.lowerBound && columns.upperBound <= self.length, "Rows have no columns \(columns)")
        let height = Scalar.blockHeight
        packed.withRoom(for: Scalar.wholeBlocks(rows.count) * columns.count) { packed in
            for first in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
                let block = first..<min(first + height, rows.upperBound)
                let start = (first - rows.lowerBound) * columns.count
                packed.withPart(start..<start + height * columns.count) { part in
                    if self.addresses[block].contains(0) {
                        self.convert(columns, of: block, to: &converted) { addresses in
                            Self.pack(addresses, columns: 0..<columns.count, into: &part)
                        }
                    } else {
                        Self.pack(self.addresses[block], columns: columns, into: &part)
                    }
                }
            }
        }
        withExtendedLifetime(self.rows) {}
    }

    /// Calls a closure with the addresses of copies.
    private func convert(
        _ columns: Range<Int>,
        of block: Range<Int>,
        to converted: inout AlignedBuffer<Scalar>,
        _ body: (ArraySlice<UInt>) -> Void
    ) {
        converted.withRoom(for: block.count * columns.count) { converted in
            let addresses = block.enumerated().map { place, row in
                converted.withPart(place * columns.count..<(place + 1) * columns.count) { part in
                    self.rows[row].convert(columns, to: &part)
                    // SAFETY: The address is followed while `body` runs, and the scratch is exclusive until then.
                    return unsafe part.withUnsafeMutableBufferPointer { UInt(bitPattern: $0.baseAddress) }
                }
            }
            body(addresses[...])
        }
    }

    /// Packs columns of a block of rows, all of them in this precision.
    private static func pack(
        _ addresses: ArraySlice<UInt>,
        columns: Range<Int>,
        into packed: inout MutableSpan<Scalar>
    ) {
        precondition(addresses.count <= Scalar.blockHeight && packed.count >= Scalar.blockHeight * columns.count)
        // SAFETY: The rows at the addresses have the columns, and outlive the call; the kernel reads them and writes a
        // whole block, for which there is room.
        unsafe addresses.withUnsafeBufferPointer { addresses in
            unsafe packed.withUnsafeMutableBufferPointer { packed in
                unsafe kernel_pack(
                    Scalar.elementType.kernelElement,
                    addresses.baseAddress,
                    columns.lowerBound * MemoryLayout<Scalar>.stride,
                    Scalar.elementType.kernelElement,
                    addresses.count,
                    columns.count,
                    packed.baseAddress
                )
            }
        }
    }
}

extension StoredNumbers {
    /// Where the given numbers are, if they are of a precision, for as long as they are kept.
    ///
    /// - Precondition: `range` is within bounds.
    fileprivate func address<Scalar: KernelScalar>(of range: Range<Int>, as type: Scalar.Type) -> UInt? {
        let address: UnsafeRawPointer
        switch self {
        case .single(let numbers): unsafe address = numbers.address(of: range)
        case .double(let numbers): unsafe address = numbers.address(of: range)
        }
        return self.isDouble == (Scalar.elementType == .float64) ? UInt(bitPattern: address) : nil
    }

    /// Converts some numbers.
    fileprivate func convert<Scalar: KernelScalar>(_ columns: Range<Int>, to result: inout MutableSpan<Scalar>) {
        // SAFETY: Every byte of a Float or Double is initialized.
        switch self {
        case .single(let numbers):
            numbers.withSpan {
                Scalar.convert(unsafe $0.extracting(columns).bytes, .float32, scale: 1, to: &result)
            }
        case .double(let numbers):
            numbers.withSpan {
                Scalar.convert(unsafe $0.extracting(columns).bytes, .float64, scale: 1, to: &result)
            }
        }
    }
}
