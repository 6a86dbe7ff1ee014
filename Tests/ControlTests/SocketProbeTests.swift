import Glibc
import Testing
import ZeroMQ

@testable import Control

@Suite("Probe of a control socket")
struct SocketProbeTests {
    @Test func socketThatIsBoundIsListeningAndNothingElseIs() throws {
        try withDirectory { directory in
            let endpoint = "ipc://\(directory)/control.sock"
            #expect(!isListening(endpoint))
            let socket = try Socket(.router, in: try Context())
            try socket.bind(endpoint)
            #expect(isListening(endpoint))
            #expect(!isListening("ipc://\(directory)"))
        }
    }

    /// A daemon that was stopped with a signal accepts nobody, and the kernel's queue for it fills up.
    @Test func listenerThatAcceptsNobodyIsListeningHoweverManyProbesThereWere() throws {
        try withDirectory { directory in
            let path = "\(directory)/control.sock"
            let listener = socket(AF_UNIX, CInt(bitPattern: SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
            let status = unsafe withUnsafePointer(to: address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(listener, address, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(status == 0)
            try #require(listen(listener, 0) == 0)
            for _ in 0..<5 {
                #expect(isListening("ipc://\(path)"))
            }
        }
    }
}
