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

    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let status = unsafe withUnsafePointer(to: address) { pointer in
        // SAFETY: a `sockaddr_un` begins as a `sockaddr` does, and its true size is given.
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return status == 0
}
