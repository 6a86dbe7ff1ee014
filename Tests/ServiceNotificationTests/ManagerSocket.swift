import Glibc
import Testing

/// The other end: the datagram socket of a service manager.
final class ManagerSocket {
    private let descriptor: CInt

    /// Binds a path, or a name in the abstract namespace written `@name`.
    init(boundTo name: String) throws {
        self.descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(name.utf8)
        // SAFETY: the tests' names are shorter than `sun_path`, and the address lives through the call.
        let result = unsafe withUnsafeMutableBytes(of: &address) { address in
            let start = MemoryLayout<sa_family_t>.size
            for (index, byte) in path.enumerated() {
                unsafe address[start + index] = byte == UInt8(ascii: "@") && index == 0 ? 0 : byte
            }
            return unsafe bind(
                self.descriptor,
                address.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(start + path.count)
            )
        }
        try #require(result == 0, "bind failed with \(errno)")
    }

    deinit {
        close(self.descriptor)
    }

    /// The text of the next datagram; a sent one is there at once, so an empty text says that none was sent.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // SAFETY: the buffer's own count bounds what is written.
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
        }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
}
