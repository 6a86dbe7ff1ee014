import Similarity
import Testing
import WireFormat

@Suite("Accounting")
struct AccountingTests {
    private let accounting = Accounting(
        attempted: 20,
        unnumbered: 1,
        outside: 2,
        accumulated: 11,
        rejected: [.malformed: 2, .size: 3, .duplicate: 4],
        dropped: 3,
        lost: 1,
        pending: 3
    )

    @Test func duplicatesAreOnNeitherSide() {
        #expect(Accounting().isBalanced)
        #expect(self.accounting.isBalanced)
        var other = self.accounting
        other[.duplicate] += 5
        #expect(other.isBalanced)
        other[.dtype] += 1
        #expect(!other.isBalanced)
    }

    @Test func sumOfBalancedAccountsIsBalanced() {
        let sum = self.accounting + self.accounting
        #expect(sum.isBalanced)
        #expect(sum.attempted == 40)
        #expect(sum[.size] == 6)
        #expect(sum[.shape] == 0)
        #expect(self.accounting + Accounting() == self.accounting)
    }

    @Test func onlyReasonsThatOccurredAreWritten() {
        var accounting = self.accounting
        accounting[.shape] = 0
        let text = """
            {"attempted":20,"unnumbered":1,"outside":2,"accumulated":11,\
            "rejected":{"malformed":2,"duplicate":4,"size":3},"dropped":3,"lost":1,"pending":3}
            """
        #expect(accounting.json.text == text)
        #expect(Accounting().json.text.contains(#""rejected":{}"#))
    }
}

@Suite("Publications")
struct PublicationTests {
    @Test func topicsEndInASlash() throws {
        let run = try #require(RunID("resnet-d40"))
        #expect(Topic.matrix(run: run, window: "recent").description == "cka/resnet-d40/recent/")
        #expect(Topic.event(run: run).description == "event/resnet-d40/")
        #expect(Topic.event(run: nil).description == "event//")
        #expect(Topic.heartbeat.description == "heartbeat/")
    }

    @Test func envelopeComesFirst() {
        let envelope = Envelope(epoch: 5, seq: 6, time: 7.5)
        let header = JSONValue.object(envelope.header(["event": "hello", "run": .null]))
        #expect(header.text == #"{"v":1,"epoch":5,"seq":6,"time":7.5,"event":"hello","run":null}"#)
    }

    @Test func matrixHeaderHasEveryKeyOfTheContractInItsOrder() throws {
        var sums = HSICAccumulator(layerCount: 2)
        sums.add(
            BatchHSIC(exampleCount: 4, products: [4, 0, 0], traces: [3, 0], isConstant: [false, true])
        )
        let run = try #require(RunID("r"))
        var header = MatrixHeader(
            run: run,
            window: "pass",
            kind: "pass",
            generation: 1,
            steps: 10...12,
            batchCount: 1,
            exampleCount: 4,
            missingCount: nil,
            effectiveBatchCount: 1,
            isComplete: nil,
            accounting: Accounting(),
            layers: ["a", "b"]
        )
        let matrix = CKAMatrix(groups: [sums])
        let text = """
            {"run":"r","window":"pass","kind":"pass","generation":1,"step_first":10,"step_last":12,"batches":1,\
            "examples":4,"missing":null,"effective_batches":1.0,"accounting":\(Accounting().json.text),"complete":null,\
            "layers":["a","b"],"estimator":"hsic1","weighting":"n(n-3)","undefined":{"b":"constant"},\
            "largest_batch_share":[1.0,null],"dominance":[1.0,null],"dtype":"F64","shape":[2,2]}
            """
        #expect(JSONValue.object(header.json(for: matrix)).text == text)
        header.missingCount = 3
        header.isComplete = false
        #expect(header.json(for: matrix)["missing"] == 3)
        #expect(header.json(for: matrix)["complete"] == false)
    }
}
