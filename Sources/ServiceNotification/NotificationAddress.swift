import Glibc

/// The address of a manager's datagram socket: a path, or a name in Linux's abstract namespace, written `@name`.
struct NotificationAddress: Hashable, Sendable {
    /// The bytes of `sun_path`: an abstract name begins with a zero and has none at its end.
    private let path: [UInt8]

    /// The room in `sun_path`, a path's closing zero left out.
    private static let capacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    init(_ name: String) throws(ServiceNotificationError) {
        var path = Array(name.utf8)
        guard path.count > 1, path.count <= Self.capacity, !path.contains(0) else {
            throw .invalidSocketName(name)
        }
        switch path[0] {
        case UInt8(ascii: "/"): break
        case UInt8(ascii: "@"): path[0] = 0
        default: throw .invalidSocketName(name)
        }
        self.path = path
    }

    /// Sends one datagram from a socket made for it, without waiting.
    func send(_ datagram: [UInt8]) throws(ServiceNotificationError) {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(code: errno) }
        defer { close(descriptor) }
        while true {
            if self.send(datagram, through: descriptor) >= 0 { return }
            guard errno == EINTR else { throw .system(code: errno) }
        }
    }

    private func send(_ datagram: [UInt8], through descriptor: CInt) -> Int {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `init` made sure that the path fits, and what follows it in a fresh address is zero.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: self.path) }
        // An abstract name ends with the address's length, so no zero may be counted; a path does not mind.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + self.path.count)
        // SAFETY: a `sockaddr_un` is what AF_UNIX wants behind a `sockaddr` pointer, and both buffers live through the call.
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe datagram.withUnsafeBytes { datagram in
                    unsafe sendto(
                        descriptor,
                        datagram.baseAddress,
                        datagram.count,
                        CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL),
                        address,
                        length
                    )
                }
            }
        }
    }
}
