internal import CZeroMQ
internal import Glibc

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
        // libzmq does not look at the length: a longer text would run over its buffer.
        guard Self.isKey(secretKey) else {
            throw ZeroMQError(operation: .makeKeys, code: EINVAL)
        }
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

    /// Whether a text can be a key in Z85: 40 characters of its alphabet.
    static func isKey(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy(z85Alphabet.contains)
    }

    private init(publicKey: String, secretKey: String) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }
}

extension CurveKeyPair: CustomStringConvertible {
    /// The public key alone, so that the secret one stays out of logs.
    public var description: String { self.publicKey }
}

/// The characters of ZeroMQ RFC 32.
private let z85Alphabet = Set(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8
)

/// The characters before the terminating zero.
private func text(of buffer: InlineArray<41, CChar>) -> String {
    String(decoding: buffer.indices.lazy.map { UInt8(bitPattern: buffer[$0]) }.prefix { $0 != 0 }, as: UTF8.self)
}
