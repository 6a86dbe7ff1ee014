import Yams

/// How one kind of value stands in YAML: how it is read and checked, and how it is written.
struct SettingFormat<Value>: Sendable {
    /// What the operator should write, to follow the word "write".
    let expectation: String
    let shape: SettingShape
    /// Reads a node; `nil` says that the reader was told what is wrong.
    let read: @Sendable (Node, Place, inout SettingsReader) -> Value?
    let write: @Sendable (Value) -> EncodedValue
}

/// Why a text is not what a format wants.
struct Misfit: Error {
    /// What is wrong.
    let reason: String
    /// What would be right, or `nil` for the format's own expectation.
    var remedy: String?
}

extension SettingFormat {
    /// A format of single values.
    ///
    /// - Parameters:
    ///   - expectation: What the operator should write.
    ///   - isNumber: Whether quotes around the value make it one of the wrong type.
    ///   - parse: Turns the text into the value.
    ///   - write: Turns the value into text that `parse` takes.
    /// - Returns: The format.
    static func scalar(
        _ expectation: String,
        isNumber: Bool = false,
        parse: @escaping @Sendable (String) throws(Misfit) -> Value,
        write: @escaping @Sendable (Value) -> String
    ) -> SettingFormat {
        SettingFormat(expectation: expectation, shape: .scalar) { node, place, reader in
            guard case .scalar(let scalar) = node, !node.isNull else {
                reader.report(
                    node.isNull ? "nothing is given" : "\(node.kind) stands here",
                    "write \(expectation)",
                    at: place
                )
                return nil
            }
            if isNumber, scalar.style == .singleQuoted || scalar.style == .doubleQuoted {
                reader.report("\"\(scalar.string)\" is a string", "write \(expectation), without quotes", at: place)
                return nil
            }
            do throws(Misfit) {
                return try parse(scalar.string)
            } catch {
                reader.report(error.reason, error.remedy ?? "write \(expectation)", at: place)
                return nil
            }
        } write: { value in
            .scalar(write(value))
        }
    }

    /// A format whose value may be absent, which is written `null`.
    static func optional<Wrapped>(_ format: SettingFormat<Wrapped>) -> SettingFormat where Value == Wrapped? {
        SettingFormat(expectation: "\(format.expectation), or null", shape: format.shape) { node, place, reader in
            if node.isNull { return .some(nil) }
            return format.read(node, place, &reader).map { .some($0) }
        } write: { value in
            value.map(format.write) ?? .null
        }
    }

    /// A format of a mapping that is read into a draft and then built from it.
    static func record<Draft: Sendable>(
        startingWith emptyDraft: Draft,
        keys: [SettingKey<Draft>],
        build: @escaping @Sendable (Draft, Place, inout SettingsReader) -> Value?,
        write: @escaping @Sendable (Value) -> Draft
    ) -> SettingFormat {
        let names = keys.map(\.name)
        let expectation = "a mapping with the keys \(listed(names))"
        return SettingFormat(expectation: expectation, shape: .record(keys: names)) { node, place, reader in
            guard case .mapping = node else {
                reader.report("\(node.kind) stands here", "write \(expectation)", at: place)
                return nil
            }
            var draft = emptyDraft
            reader.read(node, into: &draft, keys: keys, at: place)
            return build(draft, place, &reader)
        } write: { value in
            EncodedValue(write(value), keys: keys)
        }
    }
}

/// What the elements of a list must not have in common.
struct Identity<Element>: Sendable {
    /// The key that holds it, or `nil` where it is the element itself.
    let key: String?
    /// What is compared, or `nil` for an element that may be repeated.
    let text: @Sendable (Element) -> String?

    init(key: String? = nil, text: @escaping @Sendable (Element) -> String?) {
        self.key = key
        self.text = text
    }
}

extension SettingFormat {
    /// A list whose elements must differ.
    ///
    /// - Parameters:
    ///   - element: The format of one element.
    ///   - identity: What must differ.
    ///   - isRequired: Whether an empty list is refused.
    /// - Returns: The format.
    static func list<Element>(
        of element: SettingFormat<Element>,
        identifiedBy identity: Identity<Element>,
        isRequired: Bool = false
    ) -> SettingFormat where Value == [Element] {
        SettingFormat(expectation: "a list", shape: .list(of: element.shape)) { node, place, reader in
            guard case .sequence(let sequence) = node else {
                reader.reportNoList(node, at: place)
                return nil
            }
            if isRequired, sequence.isEmpty {
                reader.report(
                    "the list is empty",
                    "give at least one, or leave the key out for the defaults",
                    at: place
                )
                return nil
            }
            reader.forgetPlaces(in: place)
            var elements: [Element] = []
            var pathOfText: [String: String] = [:]
            for (index, node) in sequence.enumerated() {
                let elementPlace = reader.place(of: node, path: "\(place.path)[\(index)]", otherwise: place)
                guard let value = element.read(node, elementPlace, &reader) else { continue }
                elements.append(value)
                guard let text = identity.text(value) else { continue }
                let textPlace = identity.key.map { elementPlace.child($0, in: reader) } ?? elementPlace
                if let earlier = pathOfText.updateValue(textPlace.path, forKey: text) {
                    let remedy = identity.key.map { "choose another \($0)" } ?? "leave it out"
                    reader.report("\"\(text)\" is given at \(earlier) already", remedy, at: textPlace)
                }
            }
            return elements
        } write: { elements in
            .list(elements.map(element.write))
        }
    }

    /// A list of different texts.
    static func list(of element: SettingFormat<String>) -> SettingFormat where Value == [String] {
        .list(of: element, identifiedBy: Identity { Endpoint.isAnyFreePort($0) ? nil : $0 })
    }
}
