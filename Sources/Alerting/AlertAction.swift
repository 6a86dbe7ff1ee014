/// What is to be done because an alert has changed.
public enum AlertAction: Hashable, Sendable {
    /// Tell everybody.
    ///
    /// A turn is a change of state, kind, severity or data; everything else is the same news with newer figures.
    case publish(Alert, isTurn: Bool)

    /// Late subscribers need not know of it any more.
    case withdraw(AlertID)
}
