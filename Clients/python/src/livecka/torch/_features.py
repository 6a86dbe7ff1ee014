"""From what a module puts out to features of examples: the tensor, its positions, and their reduction."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Optional, Union

import torch

Reduction = Union[str, Callable[[str, torch.Tensor], torch.Tensor]]
"""``"flatten"``, ``"mean"``, ``"positions"``, or a function of a layer's name and tensor."""

REDUCTIONS = ("flatten", "mean", "positions")
_SEED = 0


@dataclasses.dataclass(frozen=True)
class Features:
    """One call's features, before they are copied or multiplied."""

    tensor: torch.Tensor
    """n × …, or with positions as examples as many rows as were drawn."""
    example_count: int
    position_count: Optional[int]
    """How many positions each example has, where they count as examples."""


def first_tensor(output: Any) -> Optional[torch.Tensor]:
    """The first tensor of real numbers in a tuple, mapping or dataclass of whatever depth."""
    if isinstance(output, torch.Tensor):
        return output if output.is_floating_point() else None
    for part in _parts(output):
        tensor = first_tensor(part)
        if tensor is not None:
            return tensor
    return None


def leading_size(value: Any) -> Optional[int]:
    """The number of examples in a forward's arguments: the first tensor's first axis."""
    if isinstance(value, torch.Tensor):
        return len(value) if value.dim() > 0 else None
    for part in _parts(value):
        size = leading_size(part)
        if size is not None:
            return size
    return None


def mapped(value: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The value with every tensor in its tuples, lists and mappings replaced."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, Mapping):
        replaced = {key: mapped(part, function) for key, part in value.items()}
        return replaced if type(value) is dict else _rebuilt(value, replaced)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(part, function) for part in value))
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(part, function) for part in value)
    return value


class Reducer:
    """Turns layers' tensors into features, each layer of a batch with the same positions."""

    def __init__(self, reduction: Reduction, position_limit: int) -> None:
        if not callable(reduction) and reduction not in REDUCTIONS:
            raise ValueError(f"reduction: {reduction!r} is none of {', '.join(REDUCTIONS)}, nor a function")
        if position_limit < 4:
            raise ValueError(f"positions: {position_limit!r} must be 4 or more")
        self._reduction = reduction
        self._limit = position_limit
        self._drawn: dict[tuple[int, torch.device], torch.Tensor] = {}

    def __call__(self, name: str, tensor: torch.Tensor) -> Features:
        """The features; they may share the tensor's memory."""
        count = len(tensor)
        if callable(self._reduction):
            return Features(self._reduction(name, tensor), count, None)
        if self._reduction == "mean" and tensor.dim() > 2:
            # Sequences are n × positions × features, pictures n × channels × height × width.
            axes = (1,) if tensor.dim() == 3 else tuple(range(2, tensor.dim()))
            wide = tensor if tensor.dtype == torch.float64 else tensor.float()
            return Features(wide.mean(axes), count, None)
        if self._reduction == "positions":
            return self._positions(tensor)
        return Features(tensor, count, None)

    def rows(self, example_count: int, position_count: int) -> list[tuple[int, int]]:
        """The drawn rows of a batch, as example and position."""
        drawn = self._sample(example_count * position_count, torch.device("cpu")).tolist()
        return [divmod(row, position_count) for row in drawn]

    def _positions(self, tensor: torch.Tensor) -> Features:
        if tensor.dim() < 3:
            rows, positions = tensor, 1
        elif tensor.dim() == 3:
            rows, positions = tensor.reshape(-1, tensor.shape[2]), tensor.shape[1]
        else:
            last = tensor.movedim(1, -1)
            rows = last.reshape(-1, last.shape[-1])
            positions = len(rows) // len(tensor)
        return Features(rows.index_select(0, self._sample(len(rows), tensor.device)), len(tensor), positions)

    def _sample(self, count: int, device: torch.device) -> torch.Tensor:
        """A fixed sample without replacement, in order: the same at every step and in every run."""
        sample = self._drawn.get((count, device))
        if sample is None:
            generator = torch.Generator().manual_seed(_SEED)
            sample = torch.randperm(count, generator=generator)[: self._limit].sort().values.to(device)
            if len(self._drawn) >= 64:
                self._drawn.clear()
            self._drawn[count, device] = sample
        return sample


def _parts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return ()


def _rebuilt(value: Mapping[str, Any], replaced: dict[str, Any]) -> Any:
    """A mapping of the same class, where it can be made from a dictionary."""
    try:
        return type(value)(replaced)  # type: ignore[call-arg]
    except TypeError:
        return replaced
