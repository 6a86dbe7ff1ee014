import Yams

/// One key of a section: its name, and how its value moves between YAML and a field of `Root`.
///
/// The tables of these keys are the only place where a key's spelling stands: reading, writing, environment
/// variables, suggestions and the comparison of two settings all come from them.
struct SettingKey<Root>: Sendable {
    let name: String
    /// The values at or below this key, their paths beginning with ``name``.
    let leaves: [SettingLeaf]
    /// Reads a node into the field; what is wrong goes to the reader and leaves the field as it was.
    let read: @Sendable (Node, Place, inout Root, inout SettingsReader) -> Void
    /// The field's value, or `nil` for a key that is not written.
    let write: @Sendable (Root) -> EncodedValue?
}

/// A key that holds a value rather than further keys.
struct SettingLeaf: Hashable, Sendable {
    let path: String
    let shape: SettingShape
}

/// What a value looks like.
indirect enum SettingShape: Hashable, Sendable {
    case scalar
    case record(keys: [String])
    case list(of: SettingShape)
}

extension SettingKey {
    /// A key that holds a value.
    init<Value>(
        _ name: String,
        _ field: any WritableKeyPath<Root, Value> & Sendable,
        _ format: SettingFormat<Value>
    ) {
        self.init(
            name: name,
            leaves: [SettingLeaf(path: name, shape: format.shape)],
            read: { node, place, root, reader in
                guard let value = format.read(node, place, &reader) else { return }
                root[keyPath: field] = value
            },
            write: { format.write($0[keyPath: field]) }
        )
    }

    /// A key that holds a value and has no default: a draft's, which is not written where there is none.
    init<Value>(
        _ name: String,
        _ field: any WritableKeyPath<Root, Value?> & Sendable,
        whereGiven format: SettingFormat<Value>
    ) {
        self.init(
            name: name,
            leaves: [SettingLeaf(path: name, shape: format.shape)],
            read: { node, place, root, reader in root[keyPath: field] = format.read(node, place, &reader) },
            write: { $0[keyPath: field].map(format.write) }
        )
    }

    /// A key that holds further keys.
    init<Section>(
        _ name: String,
        _ field: any WritableKeyPath<Root, Section> & Sendable,
        section keys: [SettingKey<Section>]
    ) {
        self.init(
            name: name,
            leaves: keys.flatMap(\.leaves).map { SettingLeaf(path: "\(name).\($0.path)", shape: $0.shape) },
            read: { node, place, root, reader in
                reader.read(node, into: &root[keyPath: field], keys: keys, at: place)
            },
            write: { EncodedValue($0[keyPath: field], keys: keys) }
        )
    }
}
