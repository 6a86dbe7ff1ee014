/// Why a message was rejected.
///
/// Where several reasons apply, the first in this order counts.
public enum RejectionReason: String, CaseIterable, Sendable {
    /// No JSON object, a missing or ill-typed key, a number over 2⁵³, or anything that no other reason names.
    case malformed
    /// Another version than 1.
    case version
    /// The topic and the header, the examples of the layers, or the layers of two sessions disagree.
    case inconsistent
    /// A session, number and part that have been seen.
    case duplicate
    /// Over one of the limits.
    case tooLarge = "too_large"
    /// An unknown element type.
    case dtype
    /// Dimensions that are not positive integers, or whose product overflows.
    case shape
    /// A wrong number of frames, or a wrong length of one.
    case size
    /// Fewer than four examples.
    case tooFewExamples = "too_few_examples"
    /// No memory left.
    case overBudget = "over_budget"
    /// A NaN or an infinity in a layer.
    case nonFinite = "non_finite"
    /// Parts that did not come in time.
    case incomplete
}

extension RejectionReason: Comparable {
    /// Whether the reason on the left counts before the one on the right.
    public static func < (lhs: RejectionReason, rhs: RejectionReason) -> Bool {
        lhs != rhs && Self.allCases.first { $0 == lhs || $0 == rhs } == lhs
    }
}
