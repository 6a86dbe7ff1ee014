import Testing
import WireFormat

/// One defect for each reason, of which several can be in one message.
private struct Defect: Sendable, CustomTestStringConvertible {
    let reason: RejectionReason
    let apply: @Sendable (inout Specimen) -> Void

    var testDescription: String { self.reason.rawValue }

    /// In the order in which they can be applied after one another.
    static let all = [
        Defect(reason: .tooFewExamples) { specimen in
            specimen[tensor: 0, "shape"] = [3, 16]
            specimen[tensor: 1, "shape"] = [3, 2, 3]
            specimen[tensor: 2, "shape"] = [3, 3]
            specimen.frameSizes = [192, 36, 72]
        },
        Defect(reason: .size) { $0.frameSizes.append(1) },
        Defect(reason: .shape) {
            $0[tensor: 2, "kind"] = nil; $0[tensor: 2, "shape"] = [8, 0, 1]
        },
        Defect(reason: .dtype) { $0[tensor: 1, "dtype"] = "F8" },
        Defect(reason: .tooLarge) {
            $0.header["part"] = 0; $0.header["parts"] = 5000
        },
        Defect(reason: .inconsistent) { $0.header["run"] = "other" },
        Defect(reason: .version) { $0.header["v"] = 2 },
        Defect(reason: .malformed) { $0.header["step"] = "twelve" },
    ]
}

@Suite("The first reason that applies")
struct RejectionOrderTests {
    @Test(arguments: Defect.all)
    private func oneDefectIsItsOwnReason(defect: Defect) {
        #expect(Specimen.batch.with { defect.apply(&$0) }.rejection?.reason == defect.reason)
    }

    @Test(arguments: Defect.all, Defect.all)
    private func ofTwoDefectsTheFirstReasonCounts(one: Defect, other: Defect) {
        let specimen = Specimen.batch.with { specimen in
            for defect in Defect.all where defect.reason == one.reason || defect.reason == other.reason {
                defect.apply(&specimen)
            }
        }
        // Fewer than four examples in some layers and a wrong shape in another: both may disagree on n.
        let isAboutExamples = Set([one.reason, other.reason]) == [.tooFewExamples, .shape]
        #expect(specimen.rejection?.reason == (isAboutExamples ? .inconsistent : min(one.reason, other.reason)))
    }

    @Test func differentExamplesComeBeforeLimitsAndShapes() {
        let inconsistent = Specimen.batch.withTensor("shape", [9, .integer(1 << 53), .integer(1 << 53)])
        #expect(inconsistent.rejection?.reason == .inconsistent)
        #expect(inconsistent.with { $0.limits.messageBytes = 1 }.rejection?.reason == .inconsistent)
        #expect(inconsistent.withTensor("dtype", "F8").rejection?.reason == .inconsistent)
    }

    @Test func unsuitableLabelsComeBeforeTheVersion() {
        #expect(Specimen.batch.with(["v": 2, "labels": [1]]).rejection?.reason == .malformed)
    }

    /// Which of two numbers the labels should have is not theirs to know.
    @Test func labelsThatSuitOneLayerAreNotWhatIsWrong() {
        let specimen = Specimen.batch.withTensor("shape", [9, 16]).with(["labels": [1, 2, 3, 4, 5, 6, 7, 8]])
        #expect(specimen.rejection?.reason == .inconsistent)
    }

    @Test func aHeaderOverTheLimitIsNotRead() {
        let header = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20 + 1)
        #expect(decodeMessage(header: header).rejection?.reason == .tooLarge)
        #expect(decodeMessage(header: header.dropLast()).rejection?.reason == .malformed)
        #expect(decodeMessage(topic: "x", header: header).rejection?.reason == .malformed)
    }
}
