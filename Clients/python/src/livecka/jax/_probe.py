"""The probe set: a fixed list of batches, seen again in the same order at every sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import jax
import numpy as np

_FEWEST_EXAMPLES = 4


@dataclass(frozen=True)
class ProbeBatch:
    """One batch of the probe set."""

    inputs: Any
    """An array, or a tree of arrays."""
    count: int
    """Its number of examples."""
    labels: Optional[Any] = None


def batches(examples: Any, size: int) -> list[ProbeBatch]:
    """The examples as batches of `size`; batches that are given as such stay as they are.

    HSIC₁ needs four examples, so a rest of fewer joins the batch before it.
    """
    if _is_array(examples):
        return [_batch(examples[part]) for part in _slices(len(examples), size)]
    if isinstance(examples, tuple) and len(examples) == 2 and all(_is_array(part) for part in examples):
        inputs, labels = examples
        if len(inputs) != len(labels):
            raise ValueError(f"{len(inputs)} examples with {len(labels)} labels")
        return [_batch((inputs[part], labels[part])) for part in _slices(len(inputs), size)]
    if isinstance(examples, Mapping):
        raise ValueError("probe: give a list of batches, each a dictionary of arrays")
    result = [_batch(batch) for batch in examples]
    if not result:
        raise ValueError("no batch of examples was given")
    return result


def _is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, jax.Array))


def _slices(count: int, size: int) -> list[slice]:
    if count < _FEWEST_EXAMPLES or size < _FEWEST_EXAMPLES:
        raise ValueError(f"{count} examples in batches of {size}: each batch needs at least {_FEWEST_EXAMPLES}")
    starts = list(range(0, count, size))
    if count - starts[-1] < _FEWEST_EXAMPLES:
        starts.pop()
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], count])]


def _batch(batch: Any) -> ProbeBatch:
    labels = None
    if isinstance(batch, (list, tuple)) and len(batch) == 2:
        batch, labels = batch
    leaves = jax.tree_util.tree_leaves(batch)
    if not leaves or np.ndim(leaves[0]) == 0:
        raise ValueError(f"a batch of type {type(batch).__name__}: give arrays, (inputs, labels) pairs or dictionaries")
    count = len(leaves[0])
    if count < _FEWEST_EXAMPLES:
        raise ValueError(f"a batch of {count} examples: each batch needs at least {_FEWEST_EXAMPLES}")
    numbers = None if labels is None else np.asarray(labels)
    is_one_integer_each = numbers is not None and numbers.shape == (count,) and numbers.dtype.kind in "iu"
    return ProbeBatch(batch, count, numbers if is_one_integer_each else None)
