"""A watcher for as long as a framework's training lasts: what the framework callbacks have in common."""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable
from typing import Any, Optional

from . import _messages
from ._faults import Faults
from .monitor import ending_reason


class Attachment:
    """Makes a `livecka.torch.watch` when training begins, tells it the steps, and closes it when training ends.

    Options that cannot be right raise when the attachment is made; from then on nothing reaches the trainer unless
    `strict`. Copies and pickles of an attachment carry the options and watch nothing until training begins.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        from .torch import watch

        _messages.checked_run(options.get("run", ""))
        inspect.signature(watch).bind(None, **options)
        self._options = options
        self._faults = Faults(bool(options.get("strict", False)))
        self.watcher: Any = None
        """The watcher, while there is one; its counters stay readable after the end."""
        self._step: Optional[int] = None
        self._unended: Optional[weakref.finalize[..., Any]] = None

    @property
    def has_probe(self) -> bool:
        """Whether a probe set is swept, rather than training batches looked at."""
        return self._options.get("probe") is not None

    @property
    def faults(self) -> dict[str, int]:
        """Errors kept from the trainer, by kind."""
        return {**self._faults.counts, **({} if self.watcher is None else self.watcher.faults)}

    def begin(self, model: Callable[[], Any], step: int, **defaults: Any) -> None:
        """Starts watching: `step` is 0, or where a checkpoint left off. A training that was left open has failed."""
        self._guard("end the last training", lambda: self.end("failed"))
        self._guard("watch the model", lambda: self._begin(model, step, defaults))

    def step(self, step: int) -> None:
        """Tells the optimiser steps so far; the same number again, as with accumulated gradients, changes nothing."""
        watcher = self.watcher
        if watcher is not None and self._unended is not None and step != self._step:
            self._step = step
            self._guard("watch this step", lambda: watcher.step(step))

    def end(self, reason: str = "finished") -> None:
        """Says goodbye, within a second; ending again does nothing."""
        unended, self._unended = self._unended, None
        if unended is not None and unended.detach() is not None:
            self._guard("say goodbye", lambda: self.watcher.close(reason))

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["options"])  # type: ignore[misc]

    def _begin(self, model: Callable[[], Any], step: int, defaults: dict[str, Any]) -> None:
        from .torch import watch

        self.watcher = None
        self.watcher = watch(model(), **{**defaults, **self._options})
        # A trainer that raises does not tell its callbacks: then this ends the run as failed.
        self._unended = weakref.finalize(self, _end_unended, self.watcher)
        self._step = None
        self.step(step)

    def _guard(self, place: str, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            self._faults.report(place, error)


def failure_reason(error: Optional[BaseException]) -> str:
    """The `reason` of a `bye` for what a trainer reports: a signal's exception is an interruption as well."""
    if error is not None and type(error).__name__ == "SIGTERMException":
        return "interrupted"
    return ending_reason(RuntimeError if error is None else type(error))


def _end_unended(watcher: Any) -> None:
    kind = getattr(sys, "last_type", None)
    watcher.close("failed" if kind is None else ending_reason(kind))
