"""A fixed probe set swept through a training model every few steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Optional

import torch
import torch.nn as nn

from .. import _messages
from .._durations import Duration, seconds
from .._faults import Faults, logger
from ..monitor import Monitor, Statistics, ending_reason
from ._capture import Capture
from ._isolation import recalibrate as recalibrated
from ._isolation import undisturbed
from ._probe import Examples, ProbeBatch, batches, call, moved
from ._selection import Layers, selected


def watch(
    model: nn.Module,
    *,
    run: str,
    probe: Examples,
    endpoint: str = "tcp://127.0.0.1:5571",
    bind: bool = False,
    layers: Layers = "auto",
    every: int = 10,
    probe_name: str = "probe",
    examples: Optional[Sequence[_messages.ExampleID]] = None,
    batch_size: int = 64,
    wait: Duration = "2s",
    recalibrate: Optional[Examples] = None,
    forward: Optional[Callable[[nn.Module, Any], Any]] = None,
    queue_bytes: int = 256 << 20,
    heartbeat: Duration = 5.0,
    meta: Optional[dict[str, Any]] = None,
    strict: bool = False,
) -> Watcher:
    """Watches a model's layers: two added lines in a training script.

        watcher = livecka.torch.watch(model, run="resnet-d40", probe=held_out)
        for inputs, labels in loader:
            ...
            optimizer.step()
            watcher.step()

    Every few steps the probe set goes through the model, outside the training step, in evaluation mode and without
    gradients; what the chosen layers put out is sent. Weights, gradients, modes, BatchNorm statistics and random
    number generators stay exactly as they were. While nobody listens, there is no sweep and no hook.

    Wrong arguments raise here; nothing raises in `Watcher.step` unless `strict`.
    In a job of several processes the first one watches. A model wrapped for data parallel training is unwrapped, and
    so is a compiled one, which runs uncompiled here. FSDP's sharded models cannot be watched.

    :param probe: held-out examples in a fixed order: a tensor, ``(examples, labels)``, or a list or loader of batches,
        each a tensor, a pair with its labels, or keyword arguments for the model.
    :param layers: ``"auto"`` for the outputs of the model's repeated blocks (else of all layers with parameters);
        names, regular expressions for whole names, or a predicate on name and module.
    :param every: sweep at the first call of `step` and at every step that is a multiple of this.
    :param probe_name: the probe set's name; one name for one list of examples.
    :param examples: ids of the examples, in order; by default their positions.
    :param batch_size: the size of the probe batches, where they are not given as batches.
    :param wait: how long the first sweep waits for somebody to listen.
    :param recalibrate: training examples on which BatchNorm's averages are computed anew before each sweep, and
        forgotten after it. Without it, stale averages early in training can look like a block of similar layers.
    :param forward: how to run the model on a batch, where ``model(inputs)`` is not it.
    :param meta: more for the daemon to show, beside model and framework.
    """
    return Watcher(
        model, run=run, probe=probe, endpoint=endpoint, bind=bind, layers=layers, every=every, probe_name=probe_name,
        examples=examples, batch_size=batch_size, wait=wait, recalibrate=recalibrate, forward=forward,
        queue_bytes=queue_bytes, heartbeat=heartbeat, meta=meta, strict=strict,
    )


class Watcher:
    """Sweeps a probe set through a model; made by `watch`."""

    def __init__(
        self,
        model: nn.Module,
        *,
        run: str,
        probe: Examples,
        endpoint: str,
        bind: bool,
        layers: Layers,
        every: int,
        probe_name: str,
        examples: Optional[Sequence[_messages.ExampleID]],
        batch_size: int,
        wait: Duration,
        recalibrate: Optional[Examples],
        forward: Optional[Callable[[nn.Module, Any], Any]],
        queue_bytes: int,
        heartbeat: Duration,
        meta: Optional[dict[str, Any]],
        strict: bool,
    ) -> None:
        if every < 1:
            raise ValueError(f"every: {every!r} must be 1 or more")
        self._model = _unwrapped(model)
        self._capture = Capture(selected(self._model, layers))
        self._probe = batches(probe, batch_size)
        self._calibration = None if recalibrate is None else batches(recalibrate, batch_size)
        if self._calibration is not None and _world_size() > 1 and _synchronises(self._model):
            raise ValueError("recalibrate: SyncBatchNorm would wait for the other processes, which do not take part")
        total = sum(batch.count for batch in self._probe)
        self._examples = _messages.example_ids(range(total) if examples is None else examples, total)
        self._probe_name = probe_name
        self._forward = forward or call
        self._every = every
        self._wait: Optional[float] = seconds(wait, "wait")
        self._step = 0
        self._reported: set[str] = set()
        self._faults = Faults(strict)
        facts = {"framework": f"torch {torch.__version__}", "model": type(self._model).__name__}
        self._monitor: Optional[Monitor] = None
        if _rank() == 0:
            self._monitor = Monitor(
                run, endpoint, bind=bind, queue_bytes=queue_bytes, heartbeat=heartbeat, meta={**facts, **(meta or {})},
                strict=strict,
            )

    @property
    def monitor(self) -> Optional[Monitor]:
        """The emitter; none in the processes of a parallel job that do not watch."""
        return self._monitor

    @property
    def stats(self) -> Optional[Statistics]:
        """The emitter's counters; `faults` counts those of the emitter alone."""
        return None if self._monitor is None else self._monitor.stats

    @property
    def faults(self) -> dict[str, int]:
        """Errors kept from the training loop, by kind."""
        return {**self._faults.counts, **({} if self._monitor is None else self._monitor.faults)}

    def step(self, step: Optional[int] = None) -> bool:
        """To be called once after each optimiser step; true where it swept.

        :param step: the number of optimiser steps so far; by default this method's calls are counted.
        """
        try:
            is_first = self._wait is not None
            self._step = self._step + 1 if step is None else _messages.checked_integer(step, "step")
            if self._monitor is None:
                return False
            self._monitor.progress(self._step, "train")
            if not is_first and self._step % self._every != 0:
                return False
            return self.sweep(self._step)
        except Exception as error:
            self._faults.report("watch this step", error)
            return False

    def sweep(self, step: int) -> bool:
        """Sends the probe set as the model sees it now; true where somebody listened. Raises what goes wrong."""
        if self._monitor is None:
            return False
        wait, self._wait = self._wait, None
        if not self._monitor.is_subscribed and not (wait and self._monitor.wait_for_subscriber(wait)):
            return False
        with undisturbed(self._model):
            if self._calibration is not None:
                recalibrated(self._model, self._outputs(self._calibration))
            self._send_probe(step, self._monitor)
        return True

    def close(self, reason: str = "finished") -> None:
        """Sends what is queued and says goodbye, within a second; closing again does nothing."""
        if self._monitor is not None:
            self._monitor.close(reason)

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close(ending_reason(kind))

    def _send_probe(self, step: int, monitor: Monitor) -> None:
        first = 0
        with self._capture.armed():
            for index, (batch, output) in enumerate(zip(self._probe, self._outputs(self._probe))):
                activations, unusable = self._capture.take(batch.count)
                self._report(unusable)
                monitor.send(
                    step, activations, batch=index, batches=len(self._probe), probe=self._probe_name,
                    examples=self._examples[first : first + batch.count], labels=batch.labels,
                    predictions=_predictions(output, batch), phase="train", copy=False,
                )
                first += batch.count

    def _outputs(self, probe: Sequence[ProbeBatch]) -> Iterator[Any]:
        """Runs the model on one batch after the other."""
        parameter = next(self._model.parameters(), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        for batch in probe:
            yield self._forward(self._model, moved(batch.inputs, device))

    def _report(self, unusable: dict[str, str]) -> None:
        """Says once of each layer why it is not sent."""
        new = {name: reason for name, reason in unusable.items() if name not in self._reported}
        if new:
            self._reported.update(new)
            details = ", ".join(f"{name} {reason}" for name, reason in new.items())
            logger.warning("LiveCKA does not send these layers: %s", details)


def _unwrapped(model: nn.Module) -> nn.Module:
    """The model itself: a wrapper's forward may wait for other processes, or compile hooks in."""
    while True:
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        elif isinstance(getattr(model, "_orig_mod", None), nn.Module):
            model = model._orig_mod  # type: ignore[assignment]
        else:
            return model


def _rank() -> int:
    return torch.distributed.get_rank() if _world_size() > 1 else 0


def _world_size() -> int:
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return 1
    return torch.distributed.get_world_size()


def _synchronises(model: nn.Module) -> bool:
    return any(isinstance(module, nn.SyncBatchNorm) for module in model.modules())


def _predictions(output: Any, batch: ProbeBatch) -> Optional[torch.Tensor]:
    """The classes a classifier answers; none where there are no labels to tell that it is one."""
    is_scores = isinstance(output, torch.Tensor) and output.dim() == 2 and len(output) == batch.count
    return output.argmax(dim=1) if batch.labels is not None and is_scores else None
