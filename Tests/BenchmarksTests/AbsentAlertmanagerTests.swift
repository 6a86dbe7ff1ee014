import Foundation
import Testing
import WireFormat

@testable import Benchmarks

struct AbsentAlertmanagerTests {
    @Test(arguments: [(AlertmanagerOutage.down, false), (.silent, true)])
    func onlyTheSilentOneTakesConnections(outage: AlertmanagerOutage, isTaken: Bool) throws {
        let alertmanager = try AbsentAlertmanager(outage)
        var address = alertmanager.address
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        // SAFETY: The system reads one address, as long as it is said to be.
        let status = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(client, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect((status == 0) == isTaken)
    }

    @Test func failuresAreReadFromTheSentenceThatTellsThem() {
        let status: JSONObject = [
            "degraded": ["2 publications were dropped", "Alertmanager cannot be told (13 failures): timed out"]
        ]
        #expect(AlertReading.failedDeliveryCount(in: status) == 13)
        #expect(AlertReading.failedDeliveryCount(in: ["degraded": []]) == 0)
    }
}
