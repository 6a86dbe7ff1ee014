internal import Glibc

/// Whether a process listens at an `ipc` endpoint.
///
/// ZeroMQ connects in the background and waits for a listener for ever; a plain connection to the
/// socket's file tells at once. Endpoints of other transports are taken at their word.
func isListening(_ endpoint: String) -> Bool {
    guard endpoint.hasPrefix("ipc://") else { return true }
    let path = Array(endpoint.dropFirst(6).utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard !path.isEmpty, path.count < room else { return false }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }

    // Without waiting: a stopped daemon whose queue of connections is full would never let go.
    let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = socket(AF_UNIX, CInt(bitPattern: kind), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let status = unsafe withUnsafePointer(to: address) { pointer in
        // SAFETY: a `sockaddr_un` begins as a `sockaddr` does, and its true size is given.
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    // A full queue belongs to a listener too.
    return status == 0 || errno == EAGAIN
}
