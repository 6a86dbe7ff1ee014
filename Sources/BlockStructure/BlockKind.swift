/// What sort of block an interval of layers is.
public enum BlockKind: String, CaseIterable, Sendable {
    /// Strong, and carried by one principal component: the block structure of the literature.
    case dominant

    /// Strong, but not carried by one principal component, or by who knows what.
    case contiguous

    /// There is no layer outside that it could be compared with: all layers are alike.
    case saturated
}
