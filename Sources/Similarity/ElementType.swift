// Whoever hands a tensor to this module says how its numbers are stored, and needs nothing else of linear algebra.
@_exported public import enum LinearAlgebra.ElementType
