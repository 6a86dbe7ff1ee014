/// Why a layer has no similarity with any other.
public enum UndefinedReason: String, CaseIterable, Sendable {
    /// On every batch its examples differed by no more than rounding.
    case constant

    /// There is no batch.
    case noData = "no_data"

    /// Its self term is beyond the largest Float64.
    case overflow

    /// Its examples do differ, but its self term is zero: below the smallest Float64, or nothing but rounding.
    case underflow
}
