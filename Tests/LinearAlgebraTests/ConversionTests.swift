import LinearAlgebra
import Testing

@Suite struct ConversionTests {
    private let patterns = (0...UInt16.max).map { $0 }

    @Test(arguments: [0, 1])
    func everyHalfPrecisionNumberWidensExactly(offset: Int) {
        let expected = self.patterns.map { Float(Float16(bitPattern: $0)) }
        #expect(self.mismatches(.float16, expected: expected, offset: offset).isEmpty)
    }

    @Test(arguments: [0, 1])
    func everyBrainFloatWidensExactly(offset: Int) {
        let expected = self.patterns.map { Float(bitPattern: UInt32($0) << 16) }
        #expect(self.mismatches(.bfloat16, expected: expected, offset: offset).isEmpty)
    }

    @Test(arguments: ElementType.allCases)
    func powersOfTwoAreMultipliedIn(elementType: ElementType) {
        let values = numbers(37, seed: 1)
        withBytes(of: values, as: elementType, offset: 3) { bytes, stored in
            var result = [Double](repeating: 0, count: values.count)
            var span = result.mutableSpan
            Double.convert(bytes, elementType, scale: 0x1p-40, to: &span)
            #expect(result == stored.map { $0 * 0x1p-40 })
        }
    }

    @Test(arguments: ElementType.allCases)
    func largestMagnitudeIsFoundAnywhere(elementType: ElementType) {
        for place in [0, 1, 15, 16, 98, 99] {
            for extreme in [-2.5, .infinity, -.infinity, .nan] {
                var values = numbers(100, seed: 2)
                values[place] = extreme
                let largest = withBytes(of: values, as: elementType, offset: 1) { bytes, _ in
                    largestMagnitude(of: bytes, elementType: elementType)
                }
                #expect(extreme.isNaN ? largest.isNaN : largest == abs(extreme))
            }
        }
    }

    /// The patterns whose widened numbers differ from the expected ones, in either precision.
    private func mismatches(_ elementType: ElementType, expected: [Float], offset: Int) -> [UInt16] {
        withBytes(of: self.patterns, offset: offset) { bytes in
            var singles = [Float](repeating: 0, count: self.patterns.count)
            var doubles = [Double](repeating: 0, count: self.patterns.count)
            var singleSpan = singles.mutableSpan
            Float.convert(bytes, elementType, scale: 1, to: &singleSpan)
            var doubleSpan = doubles.mutableSpan
            Double.convert(bytes, elementType, scale: 1, to: &doubleSpan)
            return self.patterns.filter { pattern in
                let number = expected[Int(pattern)]
                let single = singles[Int(pattern)]
                let double = doubles[Int(pattern)]
                if number.isNaN {
                    return !single.isNaN || !double.isNaN
                }
                return single.bitPattern != number.bitPattern || double.bitPattern != Double(number).bitPattern
            }
        }
    }
}
