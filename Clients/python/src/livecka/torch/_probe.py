"""The probe set: a fixed list of batches, seen again in the same order at every sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import torch

from ._features import mapped

Inputs = Union[torch.Tensor, Mapping[str, Any], Any]
Examples = Union[torch.Tensor, tuple[torch.Tensor, torch.Tensor], Iterable[Any]]
"""A tensor of examples, a pair of examples and labels, or batches: a list or a data loader."""

_FEWEST_EXAMPLES = 4


@dataclass(frozen=True)
class ProbeBatch:
    """One batch of the probe set."""

    inputs: Inputs
    count: int
    """Its number of examples."""
    labels: Optional[torch.Tensor] = None
    _moved: dict[torch.device, Inputs] = field(default_factory=dict, compare=False, repr=False)

    def on(self, device: torch.device) -> Inputs:
        """The inputs on a device, where they stay: moving them at each sweep would hold up the training stream."""
        if device not in self._moved:
            self._moved.clear()
            self._moved[device] = mapped(self.inputs, lambda tensor: tensor.to(device))
        return self._moved[device]


def batches(examples: Examples, size: int) -> list[ProbeBatch]:
    """The examples as batches of `size`; batches that are given as such stay as they are.

    HSIC₁ needs four examples, so a rest of fewer joins the batch before it.
    """
    if isinstance(examples, torch.Tensor):
        return [_batch(examples[part]) for part in _slices(len(examples), size)]
    if isinstance(examples, tuple) and len(examples) == 2 and all(isinstance(part, torch.Tensor) for part in examples):
        inputs, labels = examples
        if len(inputs) != len(labels):
            raise ValueError(f"{len(inputs)} examples with {len(labels)} labels")
        return [_batch((inputs[part], labels[part])) for part in _slices(len(inputs), size)]
    result = [_batch(batch) for batch in examples]
    if not result:
        raise ValueError("no batch of examples was given")
    return result


def call(model: torch.nn.Module, inputs: Inputs) -> Any:
    """The model on one batch; a mapping becomes keyword arguments."""
    return model(**inputs) if isinstance(inputs, Mapping) else model(inputs)


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
    elif isinstance(batch, Mapping):
        labels = batch.get("labels")
        batch = {key: value for key, value in batch.items() if key != "labels"}
    count = len(_first_tensor(batch))
    if count < _FEWEST_EXAMPLES:
        raise ValueError(f"a batch of {count} examples: each batch needs at least {_FEWEST_EXAMPLES}")
    return ProbeBatch(batch, count, integer_labels(labels, count))


def integer_labels(value: Any, count: int) -> Optional[torch.Tensor]:
    """The labels, if they are one integer for each example."""
    if not isinstance(value, torch.Tensor) or value.shape != (count,) or value.is_floating_point():
        return None
    return value


def _first_tensor(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for part in parts:
        if isinstance(part, torch.Tensor):
            return part
    raise ValueError(f"a batch of type {type(value).__name__}: give tensors, (inputs, labels) pairs or mappings")
