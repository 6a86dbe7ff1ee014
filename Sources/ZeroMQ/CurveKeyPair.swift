internal import CZeroMQ

/// A CURVE key pair, in Z85: 40 printable characters a key.
public struct CurveKeyPair: Hashable, Sendable {
    /// The key that others may know.
    public let publicKey: String

    /// The key that only its owner knows.
    public let secretKey: String

    /// Makes a new pair of keys from the operating system's random numbers.
    ///
    /// - Throws: ``ZeroMQError`` where libzmq was built without CURVE.
    public static func generate() throws(ZeroMQError) -> Self {
        var publicKey = InlineArray<41, CChar>(repeating: 0)
        var secretKey = InlineArray<41, CChar>(repeating: 0)
        var publicSpan = publicKey.mutableSpan
        var secretSpan = secretKey.mutableSpan
        // SAFETY: libzmq writes 40 characters and a zero into each buffer of 41.
        let status = unsafe publicSpan.withUnsafeMutableBufferPointer { publicText in
            unsafe secretSpan.withUnsafeMutableBufferPointer { secretText in
                unsafe zmq_curve_keypair(publicText.baseAddress, secretText.baseAddress)
            }
        }
        guard status == 0 else {
            throw .last(.makeKeys)
        }
        return Self(publicKey: text(of: publicKey), secretKey: text(of: secretKey))
    }

    /// The pair that belongs to a secret key.
    ///
    /// - Throws: ``ZeroMQError`` where the text is not a key, or libzmq was built without CURVE.
    public init(secretKey: String) throws(ZeroMQError) {
        var publicKey = InlineArray<41, CChar>(repeating: 0)
        var publicSpan = publicKey.mutableSpan
        // SAFETY: libzmq reads the terminated key and writes 40 characters and a zero.
        let status = unsafe publicSpan.withUnsafeMutableBufferPointer { publicText in
            unsafe zmq_curve_public(publicText.baseAddress, secretKey)
        }
        guard status == 0 else {
            throw .last(.makeKeys)
        }
        self.init(publicKey: text(of: publicKey), secretKey: secretKey)
    }

    private init(publicKey: String, secretKey: String) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }
}

/// The characters before the terminating zero.
private func text(of buffer: InlineArray<41, CChar>) -> String {
    String(decoding: buffer.indices.lazy.map { UInt8(bitPattern: buffer[$0]) }.prefix { $0 != 0 }, as: UTF8.self)
}
