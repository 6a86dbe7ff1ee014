"""What goes wrong beside a training run: counted always, said once, raised only on demand."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, Optional, TypeVar, cast

logger = logging.getLogger("livecka")

_Method = TypeVar("_Method", bound=Callable[..., Any])


def shielded(place: str, otherwise: Any) -> Callable[[_Method], _Method]:
    """Keeps a method's errors from whoever calls it: they are reported to `self._faults`, and `otherwise` is returned."""

    def shield(method: _Method) -> _Method:
        @functools.wraps(method)
        def shielding(self: Any, *arguments: Any, **keywords: Any) -> Any:
            try:
                return method(self, *arguments, **keywords)
            except Exception as error:
                try:
                    self._faults.report(place, error)
                except Exception:
                    # Either the faults are strict, or the reporting itself has failed.
                    if self._faults.is_strict:
                        raise
                return otherwise

        return cast(_Method, shielding)

    return shield


class Faults:
    """Counts faults and logs the first of each kind.

    Monitoring must not end the training that it watches. Faults are therefore logged, not warned about: a
    program run with ``-W error`` turns a warning into an exception. With `strict` they are raised instead.
    """

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._told: set[tuple[str, str]] = set()
        self._unraised: Optional[BaseException] = None

    @property
    def is_strict(self) -> bool:
        """Whether faults are raised."""
        return self._strict

    @property
    def count(self) -> int:
        """Faults so far, of all kinds."""
        return sum(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """Faults so far by kind, for instance ``{"send: ValueError": 3}``."""
        with self._lock:
            return dict(self._counts)

    def report(self, place: str, error: BaseException) -> None:
        """Counts a fault of the calling thread; raises it where the monitor is strict."""
        self._count(place, error)
        if self._strict:
            raise error

    def report_later(self, place: str, error: BaseException) -> None:
        """Counts a fault of a background thread; a strict monitor raises it from its next call."""
        self._count(place, error)
        if self._strict:
            self._unraised = error

    def raise_late(self) -> None:
        """Raises what a background thread left behind, if anything."""
        error, self._unraised = self._unraised, None
        if error is not None:
            raise error

    def reset_lock(self) -> None:
        """Replaces the lock, which another thread may have held when this process was forked off."""
        self._lock = threading.Lock()

    def _count(self, place: str, error: BaseException) -> None:
        kind = f"{place}: {type(error).__name__}"
        with self._lock:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            # One cause that shows in two places is told once.
            cause = (type(error).__name__, str(error))
            is_new = self._counts[kind] == 1 and cause not in self._told
            if is_new:
                self._told.add(cause)
        if is_new and not self._strict:
            logger.warning(
                "LiveCKA could not %s: %s. Training goes on; further faults of this kind are only counted.",
                place, error or type(error).__name__,
            )
