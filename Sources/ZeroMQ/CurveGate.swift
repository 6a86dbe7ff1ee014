internal import CZeroMQ
internal import Glibc

/// Decides which keys may connect to the CURVE servers of one context.
///
/// libzmq asks about each new connection and holds it back until it has an answer. Put ``socket`` into a ``Poller`` and
/// call ``answer()`` whenever it is readable. The gate stands before the first server binds: a connection that comes
/// earlier is let in unasked.
///
/// The questions and answers are those of [ZeroMQ RFC 27](https://rfc.zeromq.org/spec/27/):
///
///     question: version "1.0" | request | domain | address | identity | mechanism "CURVE" | client's key, 32 bytes
///     answer:   version "1.0" | request | status "200" or "400" | reason | user, here the client's key in Z85 | metadata
public final class CurveGate {
    /// The socket that is readable when there are questions, for polling only.
    public let socket: Socket

    private let allowedKeys: Set<String>

    /// Opens the gate of a context for the owners of some keys.
    ///
    /// - Parameters:
    ///   - context: The context, all of whose CURVE servers ask here.
    ///   - allowedKeys: Public keys in Z85.
    /// - Throws: ``ZeroMQError`` where a text is no key, or with ``ZeroMQError/isAddressInUse`` where the context has a
    ///   gate already.
    public init(of context: Context, allowedKeys: [String]) throws(ZeroMQError) {
        for key in allowedKeys where !CurveKeyPair.isKey(key) {
            throw ZeroMQError(operation: .allow, subject: key, code: EINVAL)
        }
        self.allowedKeys = Set(allowedKeys)
        self.socket = try Socket(.rep, in: context)
        try self.socket.bind("inproc://zeromq.zap.01")
    }

    /// Answers every question that waits.
    ///
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isContextShutDown`` once the context is shut down.
    public func answer() throws(ZeroMQError) {
        while let question = try self.socket.receiveMessage() {
            // What does not fit the format comes from a socket of this process, not from a peer.
            let request = question.count > 1 ? question[1] : ""
            let key = question.count > 6 && question[5].text == "CURVE" ? question[6].z85 : nil
            let answer: [Frame] =
                if let key, self.allowedKeys.contains(key) {
                    ["1.0", request, "200", "OK", Frame(key), ""]
                } else {
                    ["1.0", request, "400", "This key may not connect", "", ""]
                }
            // The peer is libzmq itself, whose queue has room for the one answer that it waits for.
            _ = try self.socket.send(answer)
        }
    }
}

extension Frame {
    /// A key of 32 bytes written in Z85, or `nil` where the frame is not that long.
    fileprivate var z85: String? {
        guard self.byteCount == 32 else { return nil }
        return self.withBytes { key in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 41) { text in
                unsafe key.withUnsafeBytes { bytes in
                    // SAFETY: libzmq reads the 32 bytes and writes 40 characters and a zero.
                    let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
                    return unsafe zmq_z85_encode(text.baseAddress, start, 32).map { unsafe String(cString: $0) }
                }
            }
        }
    }
}
