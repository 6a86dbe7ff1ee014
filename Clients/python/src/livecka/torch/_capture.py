"""Forward hooks that keep what chosen layers put out, for as long as one forward lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional

import torch
import torch.nn as nn

from ._features import Features, Reducer, first_tensor

# Which backward pass runs on this thread; -1 outside of one.
_backward: Callable[[], int] = getattr(torch._C, "_current_graph_task_id", lambda: -1)


@dataclass(frozen=True)
class Captured:
    """One forward's layers, in the order in which they ran."""

    tensors: dict[str, torch.Tensor]
    unusable: dict[str, str]
    """Layers that cannot be sent, each with the reason."""
    example_count: int
    position_count: Optional[int]
    """How many positions each example has, where positions are the examples."""


class Capture:
    """Collects layers' outputs of one forward pass after another."""

    def __init__(
        self, modules: Mapping[str, nn.Module], reducer: Reducer, keep: Callable[[torch.Tensor], torch.Tensor]
    ) -> None:
        self._modules = modules
        self._reducer = reducer
        self._keep = keep
        self._handles: list[Any] = []
        self._calls: list[tuple[str, Optional[tuple[int, ...]], Optional[Features]]] = []
        self._error: Optional[Exception] = None
        self._count: Optional[int] = None
        self.armed_count = 0
        """Hooks registered so far."""
        self.copy_count = 0
        """Outputs copied or multiplied so far."""
        self.seconds = 0.0
        """Time spent in hooks so far, on the host."""
        self.device_times: list[tuple[Any, Any]] = []
        """Events before and behind what hooks had a GPU do; whoever reads them takes them away."""

    @property
    def layer_count(self) -> int:
        """How many layers were chosen."""
        return len(self._modules)

    def arm(self, count: Optional[int] = None) -> None:
        """Registers the hooks.

        :param count: how many examples the forward has; by default as many as the first layer puts out.
        """
        self.disarm()
        self._count = count
        for name, module in self._modules.items():
            self._handles.append(module.register_forward_hook(Hook(self, name)))
            self.armed_count += 1

    def disarm(self) -> None:
        """Removes the hooks, and forgets what has not been taken."""
        while self._handles:
            self._handles.pop().remove()
        self._calls.clear()
        self._error = self._count = None

    @contextmanager
    def armed(self, count: Optional[int] = None) -> Iterator[None]:
        """Hooks stand only inside this block."""
        try:
            self.arm(count)
            yield
        finally:
            self.disarm()

    def expect(self, count: int) -> None:
        """The forward that comes next has that many examples."""
        self._count = count

    def take(self) -> Captured:
        """The outputs since the last call; raises what went wrong in a hook.

        A module that ran several times appears as ``name#1``, ``name#2`` and so on.
        """
        calls, self._calls = self._calls, []
        error, self._error = self._error, None
        if error is not None:
            raise error
        count = self._count or 0
        ran: dict[str, int] = {}
        for name, _, _ in calls:
            ran[name] = ran.get(name, 0) + 1
        unusable = {name: "did not run" for name in self._modules if name not in ran}
        # Rows that are positions: as most layers have them.
        layouts = [features.position_count for _, _, features in calls if features is not None]
        layout = max(layouts, key=layouts.count) if layouts else None
        tensors: dict[str, torch.Tensor] = {}
        turns: dict[str, int] = {}
        for name, shape, features in calls:
            turns[name] = turns.get(name, 0) + 1
            if shape is None:
                unusable[name] = "put out no tensor"
            elif features is None:
                unusable[name] = f"put out shape {list(shape)} for {count} examples"
            elif features.position_count != layout:
                unusable[name] = f"has {features.position_count} positions, others {layout}"
            else:
                tensors[name if ran[name] == 1 else f"{name}#{turns[name]}"] = features.tensor
        return Captured(tensors, unusable, count, layout)

    def on_output(self, name: str, output: Any) -> None:
        """A layer has put something out."""
        # Activation checkpointing runs the forward again during backward: that is no new output.
        if self._error is not None or _backward() != -1:
            return
        start = time.perf_counter()
        try:
            self._keep_output(name, output)
        finally:
            self.seconds += time.perf_counter() - start

    def fail(self, error: Exception) -> None:
        """Something has gone wrong in a hook; `take` tells."""
        self._error = error

    def _keep_output(self, name: str, output: Any) -> None:
        tensor = first_tensor(output)
        if tensor is None or tensor.dim() == 0:
            self._calls.append((name, None if tensor is None else (), None))
            return
        if self._count is None:
            self._count = len(tensor)
        shape = tuple(tensor.shape)
        if len(tensor) != self._count:
            # Not even multiplied: its Gram matrix might be enormous.
            self._calls.append((name, shape, None))
            return
        events = timing_events() if tensor.is_cuda else None
        if events is not None:
            events[0].record(torch.cuda.current_stream(tensor.device))
        with torch.no_grad():
            features = self._reducer(name, tensor.detach())
            kept = self._keep(features.tensor)
        self.copy_count += 1
        if events is not None:
            events[1].record(torch.cuda.current_stream(tensor.device))
            self.device_times.append(events)
        self._calls.append((name, shape, Features(kept, features.example_count, features.position_count)))


def timing_events() -> tuple[Any, Any]:
    """Two events of a GPU's stream, between which the time can be told once both have come."""
    event: Any = torch.cuda.Event
    return event(enable_timing=True), event(enable_timing=True)


class Hook:
    """A forward hook that lets nothing out into the forward, and stays behind where a model is copied or pickled."""

    def __init__(self, capture: Capture, name: str) -> None:
        self._capture = capture
        self._name = name

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> None:
        try:
            self._capture.on_output(self._name, output)
        except Exception as error:
            self._capture.fail(error)

    def __reduce__(self) -> Any:
        return (_nothing, ())


def _nothing() -> Callable[..., None]:
    return _ignore


def _ignore(*arguments: Any, **keywords: Any) -> None:
    pass
