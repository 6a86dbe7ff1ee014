"""What a model's layers put out, sent every few steps: of a fixed probe set, or of the training batch itself."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional

import torch
import torch.nn as nn

from .. import _messages
from .._budget import Share
from .._durations import Duration, seconds
from .._faults import Faults, logger, shielded
from .._turns import Cost, Turns
from ..monitor import Monitor, Statistics, ending_reason
from ._capture import Capture, Captured, timing_events
from ._features import Reducer, Reduction, mapped
from ._isolation import casting, undisturbed
from ._isolation import recalibrate as recalibrated
from ._payload import PAYLOADS, kept
from ._probe import Examples, ProbeBatch, batches, call, integer_labels
from ._selection import Layers, selected
from ._tap import Tap, unwrapped
from ._transfer import Transfer

RANKS = ("first", "all")


@dataclass(frozen=True)
class Counters:
    """What a watcher has done so far."""

    steps: int
    """Calls of `step`."""
    sweeps: int
    """Passes of the probe set through the model."""
    probes: int
    """Probe batches that went through the model, those for BatchNorm included."""
    taps: int
    """Training batches captured."""
    missed: int
    """Steps that a tap was armed for and no training forward came."""
    hooks: int
    """Hooks registered so far."""
    copies: int
    """Layers' outputs copied, or multiplied to Gram matrices."""
    postponed: int
    """Sweeps and taps that were due and left out to stay within the budget."""


def watch(
    model: nn.Module,
    *,
    run: str,
    probe: Optional[Examples] = None,
    endpoint: str = "tcp://127.0.0.1:5571",
    bind: bool = False,
    layers: Layers = "auto",
    every: int = 10,
    payload: str = "auto",
    reduction: Reduction = "flatten",
    positions: int = 512,
    budget: Share = "1%",
    ranks: str = "first",
    probe_name: Optional[str] = None,
    examples: Optional[Sequence[_messages.ExampleID]] = None,
    batch_size: int = 64,
    wait: Duration = "0s",
    recalibrate: Optional[Examples] = None,
    autocast: Optional[torch.dtype] = None,
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

    With a probe set, it goes through the model every few steps, outside the training step, in evaluation mode and
    without gradients, and what the chosen layers put out is sent. Without one the training batch is tapped: after a
    sampled step the layers of the next training forward are sent, the first one where gradients are accumulated.

    Weights, gradients, modes, buffers and random number generators stay exactly as they were, and the losses are the
    same to the last bit. While nobody listens there is no sweep, no copy and no hook. Wrong arguments raise here;
    nothing else does unless `strict`. A watcher of the same run and probe set that is open in this process is closed.

    :param probe: held-out examples in a fixed order: a tensor, ``(examples, labels)``, or a list or loader of batches,
        each a tensor, a pair with its labels, or keyword arguments for the model.
    :param layers: ``"auto"`` for the outputs of the model's repeated blocks (else of all layers with parameters);
        names, regular expressions for whole names, or a predicate on name and module.
    :param every: sweep or tap as soon as somebody listens and at every step that is a multiple of this.
    :param payload: ``"gram"`` sends Gram matrices, computed where the activations are, ``"activations"`` the
        activations; ``"auto"`` is the former on a GPU and the latter elsewhere.
    :param reduction: ``"flatten"`` takes all of an example's output as its features; ``"mean"`` averages over positions
        (axis 1 of sequences, height and width of pictures); ``"positions"`` takes each position as an example, a fixed
        sample of `positions` of them; or a function of a layer's name and tensor that returns n × features.
    :param budget: the share of the training time that all this may take; sweeps and taps are left out to stay within
        it. The first is always made. None turns it off.
    :param ranks: in a job of several processes the ``"first"`` watches, or ``"all"``: then each sends its own training
        batches, or its part of the probe set's. No process ever waits for another.
    :param probe_name: the probe set's name; one name for one list of examples.
    :param examples: ids of the examples, in order; by default their positions.
    :param batch_size: the size of the probe batches, where they are not given as batches.
    :param wait: how long the first call of `step` waits for somebody to listen.
    :param recalibrate: training examples on which BatchNorm's averages are computed anew before each sweep, and
        forgotten after it. Without it, stale averages early in training can look like a block of similar layers.
    :param autocast: the type that probe batches are cast to, ``torch.bfloat16`` say; by default there is no autocast in
        a sweep, whatever is on around it.
    :param forward: how to run the model on a probe batch, where ``model(inputs)`` is not it.
    :param meta: more for the daemon to show, beside model and framework.
    """
    try:
        return Watcher(
            model, run=run, probe=probe, endpoint=endpoint, bind=bind, layers=layers, every=every, payload=payload,
            reduction=reduction, positions=positions, budget=budget, ranks=ranks, probe_name=probe_name,
            examples=examples, batch_size=batch_size, wait=wait, recalibrate=recalibrate, autocast=autocast,
            forward=forward, queue_bytes=queue_bytes, heartbeat=heartbeat, meta=meta, strict=strict,
        )
    except (TypeError, ValueError):
        raise
    except Exception as error:
        if strict:
            raise
        logger.warning("LiveCKA could not watch the model: %s. Training goes on without it.", error or type(error).__name__)
        return object.__new__(Watcher)


class Watcher:
    """Watches a model; made by `watch`."""

    # What a watcher is that could not be made: it does nothing.
    _faults = Faults(strict=False)
    _monitor: Optional[Monitor] = None
    _capture: Optional[Capture] = None
    _tap: Optional[Tap] = None
    _turns = Turns(1, None)
    _step = _step_count = _sweep_count = _tap_count = _probe_count = 0

    def __init__(
        self,
        model: nn.Module,
        *,
        run: str,
        probe: Optional[Examples],
        endpoint: str,
        bind: bool,
        layers: Layers,
        every: int,
        payload: str,
        reduction: Reduction,
        positions: int,
        budget: Share,
        ranks: str,
        probe_name: Optional[str],
        examples: Optional[Sequence[_messages.ExampleID]],
        batch_size: int,
        wait: Duration,
        recalibrate: Optional[Examples],
        autocast: Optional[torch.dtype],
        forward: Optional[Callable[[nn.Module, Any], Any]],
        queue_bytes: int,
        heartbeat: Duration,
        meta: Optional[dict[str, Any]],
        strict: bool,
    ) -> None:
        self._faults = Faults(strict)
        self._turns = Turns(every, budget, seconds(wait, "wait"))
        rank, world = _place()
        self._rank, self._world = (rank, world) if _checked(ranks, "ranks", RANKS) == "all" else (0, 1)
        self._model = unwrapped(model)
        is_on_gpu = any(parameter.is_cuda for parameter in self._model.parameters())
        _checked(payload, "payload", PAYLOADS)
        self._payload = ("gram" if is_on_gpu else "activations") if payload == "auto" else payload
        self._reducer = Reducer(reduction, positions)
        self._capture = Capture(selected(self._model, layers), self._reducer, kept(self._payload))
        self._transfer = Transfer()
        self._pending_events: list[tuple[Any, Any]] = []
        self._silent: dict[str, str] = {}
        self._layer_names: Optional[list[str]] = None
        self._last_bytes = 0
        self._step = 0
        self._probe: list[ProbeBatch] = []
        self._calibration: Optional[list[ProbeBatch]] = None
        self._is_probing = probe is not None
        self._probe_name = (probe_name or "probe") if self._is_probing else probe_name
        self._autocast = autocast
        self._forward = forward or call
        if probe is not None:
            self._probe = batches(probe, batch_size)
            total = sum(batch.count for batch in self._probe)
            self._examples = _messages.example_ids(range(total) if examples is None else examples, total)
            self._calibration = None if recalibrate is None else batches(recalibrate, batch_size)
        else:
            self._tap = Tap(model, self._model, self._capture, self._deliver_tapped, self._tap_failed, self._tap_ended)
        _messages.checked_run(run)
        if ranks == "first" and rank != 0:
            return
        obstacle = self._obstacle(model, world)
        if obstacle is not None:
            self._faults.report("watch this model", RuntimeError(obstacle))
            return
        facts = {
            "framework": f"torch {torch.__version__}", "model": type(self._model).__name__,
            "mode": "probe" if self._is_probing else "tap", "payload": self._payload, "every": every,
        }
        _close_namesake(self, run, self._probe_name)
        self._monitor = Monitor(
            run, endpoint, bind=bind, queue_bytes=queue_bytes, heartbeat=heartbeat, meta={**facts, **(meta or {})},
            rank=None if self._world == 1 else self._rank, world=None if self._world == 1 else self._world,
            strict=strict,
        )
        if self._tap is not None and self._tap.runs_twice:
            logger.info(
                "LiveCKA: the model is compiled, where hooks do not fire; each tapped batch goes through the uncompiled "
                "model once more, without gradients."
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
    def counters(self) -> Counters:
        """What the watcher has done: all but `steps` stay 0 while nobody listens."""
        capture, tap = self._capture, self._tap
        return Counters(
            steps=self._step_count, sweeps=self._sweep_count, probes=self._probe_count, taps=self._tap_count,
            missed=0 if tap is None else tap.missed_count,
            hooks=(0 if capture is None else capture.armed_count) + (0 if tap is None else tap.armed_count),
            copies=0 if capture is None else capture.copy_count, postponed=self._turns.postponed_count,
        )

    @property
    def cost(self) -> Cost:
        """What it has cost so far."""
        return self._turns.cost

    @property
    def layers(self) -> Optional[list[str]]:
        """The layers that are sent, in order of execution; none before the first sweep or tap."""
        return self._layer_names

    @property
    def silent(self) -> dict[str, str]:
        """The chosen layers that are not sent, each with the reason."""
        return dict(self._silent) if self._monitor is not None else {}

    @property
    def faults(self) -> dict[str, int]:
        """The faults so far by kind, the emitter's included."""
        counts = self._faults.counts
        for kind, count in (self._monitor.faults if self._monitor is not None else {}).items():
            counts[kind] = counts.get(kind, 0) + count
        return counts

    @shielded("watch this step", False)
    def step(self, step: Optional[int] = None) -> bool:
        """To be called after each optimiser step; true where it swept, or where it armed the next forward.

        :param step: the number of optimiser steps so far; by default this method's calls are counted.
        """
        self._step_count += 1
        self._step = self._step + 1 if step is None else _messages.checked_integer(step, "step")
        monitor = self._monitor
        if monitor is None:
            return False
        monitor.progress(self._step, "train")
        if self._tap is not None and self._tap.is_armed:
            self._miss(self._tap)
        if not self._turns.are_due(self._step) or not self._turns.is_listened_to(monitor):
            return False
        self._count_device_time()
        if not self._turns.grant(monitor, self._last_bytes, len(self._own_probe()) or 1):
            return False
        return self._sweep(self._step, monitor) if self._is_probing else self._arm(monitor)

    def sweep(self, step: int) -> bool:
        """Sends the probe set as the model sees it now; true where somebody listened. Raises what goes wrong."""
        monitor = self._monitor
        step = _messages.checked_integer(step, "step")
        if monitor is None or not self._is_probing or not self._turns.is_listened_to(monitor):
            return False
        return self._sweep(step, monitor)

    @contextmanager
    def tap(self) -> Iterator[None]:
        """Captures the forward in this block if it is to be sampled, for loops that do not call the model itself.

            with watcher.tap():
                loss = model.training_step(batch)
        """
        tap = self._tap
        if tap is None or not tap.is_armed:
            yield
            return
        with _Guarded(tap.around(), self._tap_failed):
            yield

    @shielded("close the watcher", None)
    def close(self, reason: str = "finished") -> None:
        """Sends what is queued and says goodbye, within a second; closing again does nothing."""
        if self._tap is not None:
            self._tap.disarm()
        if self._monitor is not None:
            self._monitor.close(reason)

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close(ending_reason(kind))

    # When

    def _count_device_time(self) -> None:
        """What a GPU has spent beside the training loop since the last look."""
        while self._pending_events and self._pending_events[0][1].query():
            start, end = self._pending_events.pop(0)
            self._turns.budget.spend(start.elapsed_time(end) / 1000)

    @contextmanager
    def _measured(self) -> Iterator[None]:
        """Counts the time that the block takes, on the host and, as far as that is done, on the GPU."""
        device = next((parameter.device for parameter in self._model.parameters() if parameter.is_cuda), None)
        start = time.perf_counter()
        events = None
        if device is not None:
            events = timing_events()
            events[0].record(torch.cuda.current_stream(device))
        try:
            yield
        finally:
            self._turns.budget.spend(time.perf_counter() - start)
            if events is not None:
                events[1].record(torch.cuda.current_stream(device))
                self._pending_events.append(events)

    # A sweep

    def _sweep(self, step: int, monitor: Monitor) -> bool:
        self._turns.begin(step)
        try:
            with self._measured():
                device = next((parameter.device for parameter in self._model.parameters()), torch.device("cpu"))
                with casting(device.type, self._autocast), undisturbed(self._model):
                    if self._calibration is not None:
                        recalibrated(self._model, self._outputs(self._calibration, device))
                    self._send_probe(step, monitor, device)
                if self._capture is not None:
                    self._capture.device_times.clear()  # the sweep is timed as a whole
            self._sweep_count += 1
        finally:
            # A sweep that fails is paid for as well, and the next one is due when any would be.
            self._turns.end(monitor)
        return True

    def _own_probe(self) -> list[tuple[int, int]]:
        """The probe batches of this process, each as its index and its first example."""
        own, first = [], 0
        for index, batch in enumerate(self._probe):
            if index % self._world == self._rank:
                own.append((index, first))
            first += batch.count
        return own

    def _send_probe(self, step: int, monitor: Monitor, device: torch.device) -> None:
        assert self._capture is not None
        own = self._own_probe()
        byte_count = 0
        with self._capture.armed():
            outputs = self._outputs([self._probe[index] for index, _ in own], device)
            for index, first in own:
                batch = self._probe[index]
                self._capture.expect(batch.count)
                output = next(outputs)
                byte_count += self._send(
                    step, monitor, self._capture.take(), batch=index, batches=len(self._probe), probe=self._probe_name,
                    examples=self._examples[first : first + batch.count], labels=batch.labels,
                    scores=_scores(output, batch.labels, batch.count),
                )
        self._last_bytes = byte_count

    def _outputs(self, probe: Sequence[ProbeBatch], device: torch.device) -> Iterator[Any]:
        """Runs the model on one batch after the other."""
        for batch in probe:
            self._probe_count += 1
            # A copy of its own: a model may work on its input in place.
            yield self._forward(self._model, mapped(batch.on(device), lambda tensor: tensor.clone()))

    # A tap

    def _arm(self, monitor: Monitor) -> bool:
        assert self._tap is not None
        self._turns.begin(self._step)
        with self._measured():
            self._tap.arm()
        return True

    def _miss(self, tap: Tap) -> None:
        found = tap.miss()
        if not found and tap.missed_count == 1:
            logger.warning(
                "LiveCKA: no training forward of the model was seen after a sampled step. Give `watch` the module that "
                "the loop calls, or put the forward into `with watcher.tap():`."
            )

    def _deliver_tapped(self, captured: Captured, keywords: dict[str, Any], output: Any) -> None:
        monitor = self._monitor
        if monitor is None or not captured.tensors:
            return
        labels = integer_labels(keywords.get("labels"), captured.example_count)
        # Each process of a job is a pass of its own: which of them sample a step is for each to decide.
        self._last_bytes = self._send(
            self._step, monitor, captured, batch=0, batches=1, probe=self._probe_name, examples=None, labels=labels,
            scores=_scores(output, labels, captured.example_count),
        )
        self._tap_count += 1

    def _tap_ended(self, seconds: float) -> None:
        self._turns.budget.spend(seconds)
        if self._capture is not None:
            self._pending_events += self._capture.device_times
            self._capture.device_times = []
        if self._monitor is not None:
            self._turns.end(self._monitor)

    def _tap_failed(self, error: BaseException) -> None:
        self._faults.report("tap this forward", error)

    # What both send

    def _send(
        self,
        step: int,
        monitor: Monitor,
        captured: Captured,
        *,
        batch: int,
        batches: int,
        probe: Optional[str],
        examples: Optional[Sequence[_messages.ExampleID]],
        labels: Optional[torch.Tensor],
        scores: Optional[torch.Tensor],
    ) -> int:
        """Hands one batch to the emitter; its bytes."""
        self._report(captured)
        if not captured.tensors:
            return 0
        answers = None if scores is None else scores.detach().argmax(dim=1)
        beside = [tensor for tensor in (labels, answers) if tensor is not None]
        hosted, ready = self._transfer.to_host([*captured.tensors.values(), *beside])
        tensors = dict(zip(captured.tensors, hosted))
        rest = iter(hosted[len(tensors) :])
        label_values = None if labels is None else next(rest)
        predictions = None if answers is None else next(rest)
        if captured.position_count is not None:
            rows = self._reducer.rows(captured.example_count, captured.position_count)
            examples = [f"{row if examples is None else examples[row]}/{position}" for row, position in rows]
            label_values = predictions = None
        monitor.send(
            step, tensors, batch=batch, batches=batches, probe=probe, examples=examples, labels=label_values,
            predictions=predictions, phase="train", kind=self._payload, copy=False, ready=ready,
        )
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())

    def _report(self, captured: Captured) -> None:
        """Says once of each layer why it is not sent, and how many are."""
        assert self._capture is not None
        self._layer_names = list(captured.tensors)
        new = {name: reason for name, reason in captured.unusable.items() if name not in self._silent}
        if new:
            self._silent.update(new)
            chosen = self._capture.layer_count
            details = ", ".join(f"{name} {reason}" for name, reason in new.items())
            logger.warning(
                "LiveCKA: %d of %d layers fire; it does not send these: %s", chosen - len(captured.unusable), chosen, details
            )

    # What cannot work

    def _obstacle(self, model: nn.Module, world: int) -> Optional[str]:
        """Why this model cannot be watched in this way, if it cannot."""
        modules = list(model.modules())
        is_sharded = any("FSDP" in kind.__name__ or kind.__name__ == "FullyShardedDataParallel"
                         for module in modules for kind in type(module).__mro__)
        synchronises = world > 1 and any(isinstance(module, nn.SyncBatchNorm) for module in modules)
        if is_sharded and self._is_probing:
            return (
                "a sweep of a sharded model (FSDP) would wait for the other processes; leave out `probe` to tap the "
                "training batch instead"
            )
        if synchronises and self._calibration is not None:
            return "recalibrate: SyncBatchNorm would wait for the other processes, which do not take part"
        if self._tap is not None and self._tap.runs_twice and (is_sharded or synchronises):
            return (
                "a compiled model is tapped by running the batch once more, and with FSDP or SyncBatchNorm that would wait "
                "for the other processes; watch it before compiling, or with a probe set"
            )
        if not self._is_probing and isinstance(model, nn.DataParallel) and len(model.device_ids) > 1:
            return "DataParallel copies the model for each forward; use DistributedDataParallel, or give a probe set"
        if any(isinstance(module, torch.jit.ScriptModule) for module in modules):
            return "hooks do not fire inside a scripted model (TorchScript)"
        return None


class _Guarded:
    """A context manager of ours around code of others: what goes wrong in ours is reported, theirs goes through."""

    def __init__(self, inner: Any, failed: Callable[[BaseException], None]) -> None:
        self._inner = inner
        self._failed = failed
        self._is_entered = False

    def __enter__(self) -> None:
        try:
            self._inner.__enter__()
            self._is_entered = True
        except Exception as error:
            self._failed(error)

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if not self._is_entered:
            return
        try:
            self._inner.__exit__(kind, error, traceback)
        except Exception as failure:
            if failure is not error:
                self._failed(failure)


_open: weakref.WeakValueDictionary[tuple[str, Optional[str]], Watcher] = weakref.WeakValueDictionary()


def _close_namesake(watcher: Watcher, run: str, probe_name: Optional[str]) -> None:
    """A notebook's cell that is run again makes a watcher again: the one before it must not stay behind."""
    former = _open.get((run, probe_name))
    if former is not None:
        former.close("interrupted")
    _open[run, probe_name] = watcher


def _place() -> tuple[int, int]:
    """This process's rank, and how many there are."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    try:
        return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    except ValueError:
        return 0, 1


def _checked(value: str, name: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is none of {', '.join(choices)}")
    return value


def _scores(output: Any, labels: Optional[torch.Tensor], count: int) -> Optional[torch.Tensor]:
    """A classifier's scores; none where there are no labels to tell that it is one."""
    is_scores = isinstance(output, torch.Tensor) and output.dim() == 2 and len(output) == count
    return output if labels is not None and is_scores else None
