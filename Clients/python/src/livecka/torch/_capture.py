"""Forward hooks that copy what chosen layers put out, for as long as a sweep lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

import torch
import torch.nn as nn


class Capture:
    """Collects layers' outputs of one forward pass after another, in the order in which the layers ran."""

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        self._modules = modules
        self._outputs: list[tuple[str, Any]] = []

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Hooks stand only inside this block."""
        handles = []
        try:
            for name, module in self._modules.items():
                handles.append(module.register_forward_hook(self._hook(name)))
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._outputs.clear()

    def take(self, count: int) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
        """The outputs since the last call, and the layers without a tensor of `count` examples, with the reason.

        A module that ran several times appears as ``name#1``, ``name#2`` and so on.
        """
        calls: dict[str, int] = {}
        for name, _ in self._outputs:
            calls[name] = calls.get(name, 0) + 1
        outputs: dict[str, torch.Tensor] = {}
        unusable = {name: "did not run" for name in self._modules if name not in calls}
        turns: dict[str, int] = {}
        for name, tensor in self._outputs:
            turns[name] = turns.get(name, 0) + 1
            if tensor is None:
                unusable[name] = "put out no tensor"
            elif tensor.dim() == 0 or len(tensor) != count:
                unusable[name] = f"put out shape {list(tensor.shape)} for {count} examples"
            else:
                outputs[name if calls[name] == 1 else f"{name}#{turns[name]}"] = tensor
        self._outputs.clear()
        return outputs, unusable

    def _hook(self, name: str) -> Any:
        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            tensor = _first_tensor(output)
            # A copy at once: the next layer may work in place.
            copied = None if tensor is None else tensor.detach().to("cpu", copy=True)
            self._outputs.append((name, copied))

        return keep


def _first_tensor(output: Any) -> Optional[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        return output
    parts = output.values() if isinstance(output, Mapping) else output if isinstance(output, (list, tuple)) else ()
    for part in parts:
        tensor = _first_tensor(part)
        if tensor is not None:
            return tensor
    return None
