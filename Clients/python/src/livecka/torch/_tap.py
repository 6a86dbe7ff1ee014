"""One sampled training forward: armed beforehand, captured once, gone afterwards."""

from __future__ import annotations

import functools
import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Optional

import torch
import torch.nn as nn

from ._capture import Capture, Captured, _backward, _nothing
from ._features import leading_size, mapped
from ._isolation import casting_as_around, undisturbed

# A search through everything that Python holds takes some 20 ms.
_SEARCH_LIMIT = 3


class Tap:
    """Captures the next training forward of a model.

    Until that forward comes, one hook stands, on the model itself; the layers' hooks stand only while it runs. They see
    the forward of the training batch as it is. Where the model, or a part of it, is compiled, hooks inside would be
    traced or overlooked; there the sampled batch goes through the uncompiled model once more beforehand, in the same
    modes, with the same random numbers and without gradients, and the compiled forward is left alone.

    A training forward is one with gradients on, in the mode (`train` or `eval`) in which the model was when it was armed.
    """

    def __init__(
        self,
        given: nn.Module,
        model: nn.Module,
        capture: Capture,
        deliver: Callable[[Captured, dict[str, Any], Any], None],
        failed: Callable[[BaseException], None],
        ended: Callable[[float], None],
    ) -> None:
        """Prepares to capture; nothing is registered yet.

        :param deliver: takes what was captured, the forward's keyword arguments and its output.
        :param failed: takes what went wrong instead.
        :param ended: takes the time in seconds that it has cost, in either case.
        """
        self._model = model
        self._capture = capture
        self._deliver = deliver
        self._failed = failed
        self._ended = ended
        self._seconds = 0.0
        self._entry = _entry(given, model)
        self._handles: list[Any] = []
        self._is_training = model.training
        self._is_aside = False
        self._keywords: dict[str, Any] = {}
        self.armed_count = 0
        """Hooks on the model itself registered so far."""
        self.missed_count = 0
        """Times that no forward came before the next step."""
        self.is_open = False
        """Whether a forward is being captured just now."""

    @property
    def is_armed(self) -> bool:
        """Whether the next training forward is to be captured."""
        return bool(self._handles)

    @property
    def runs_twice(self) -> bool:
        """Whether the sampled batch goes through the model once more, because parts of it are compiled."""
        return _is_wrapper(self._entry) or any(_is_compiled(module) for module in self._model.modules())

    def arm(self) -> None:
        """The next training forward is captured."""
        self.disarm()
        self._is_training = self._model.training
        # Where there is a compiler, it would compile the hook as well.
        hook = _uncompiled_beginning()(self) if "torch._dynamo" in sys.modules else _Beginning(self)
        self._handles.append(self._entry.register_forward_pre_hook(hook, with_kwargs=True))
        self.armed_count += 1

    def disarm(self) -> None:
        """Nothing is captured any more, and no hook stands."""
        self.is_open = False
        while self._handles:
            self._handles.pop().remove()
        self._capture.disarm()

    def miss(self) -> bool:
        """No forward has come: looks for a compiled wrapper around the model; true where it has found one."""
        self.missed_count += 1
        self.disarm()
        compiled: Any = getattr(sys.modules.get("torch._dynamo.eval_frame"), "OptimizedModule", None)
        if compiled is None or _is_wrapper(self._entry) or self.missed_count > _SEARCH_LIMIT:
            return False
        for candidate in gc.get_objects():
            if issubclass(type(candidate), compiled) and unwrapped(candidate) is self._model:
                self._entry = candidate
                return True
        return False

    @contextmanager
    def around(self) -> Iterator[None]:
        """Captures what runs in the block, for loops whose forward is not a call of the model itself."""
        with self._counted():
            self.disarm()
            self._open(None)
        try:
            yield
        except BaseException:
            self.disarm()
            raise
        self._finish({}, None)

    def begin(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """The armed model is called."""
        if self._is_aside or torch.compiler.is_compiling() or not torch.is_grad_enabled() or _backward() != -1:
            return
        if self.is_open:  # the forward before this one was interrupted
            self.disarm()
            return
        if self._model.training != self._is_training or _is_capturing_graph():
            return
        with self._counted():
            count = leading_size([arguments, keywords])
            is_run_twice = self.runs_twice or _is_called_compiled()
            if is_run_twice:
                self._run_aside(count, arguments, keywords)
            else:
                self._open(count)
                self._keywords = keywords
                self._handles.append(self._model.register_forward_hook(_End(self), always_call=True))
        if is_run_twice:
            self._end_turn()

    def end(self, output: Any) -> None:
        """The forward is over."""
        if not self.is_open:
            return
        keywords, self._keywords = self._keywords, {}
        if output is None:  # it has failed
            self.disarm()
        else:
            self._finish(keywords, output)

    def fail(self, error: Exception) -> None:
        """Gives this forward up and tells why."""
        for action in (self.disarm, self._end_turn):
            try:
                action()
            except Exception:  # noqa: S110
                pass  # what came first is told
        self._failed(error)

    def _finish(self, keywords: dict[str, Any], output: Any) -> None:
        with self._counted():
            self._seconds += self._capture.seconds
            self._capture.seconds = 0.0
            captured = self._capture.take()
            self.disarm()
            self._deliver(captured, keywords, output)
        self._end_turn()

    def _end_turn(self) -> None:
        seconds, self._seconds = self._seconds, 0.0
        self._ended(seconds)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - start

    def _open(self, count: Optional[int]) -> None:
        self.is_open = True
        self._capture.arm(count)

    def _run_aside(self, count: Optional[int], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        device = next((parameter.device.type for parameter in self._model.parameters()), "cpu")
        self._is_aside = True
        try:
            with casting_as_around(device), undisturbed(self._model, evaluating=False), self._capture.armed(count):
                # Of its own: a model may work on its input in place.
                own_arguments, own_keywords = mapped((arguments, keywords), lambda tensor: tensor.detach().clone())
                output = self._model(*own_arguments, **own_keywords)
                captured = self._capture.take()
        finally:
            self._is_aside = False
            self._capture.seconds = 0.0  # counted with the rest
        self.disarm()
        self._deliver(captured, keywords, output)


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself: a wrapper's forward may wait for other processes, or compile hooks in."""
    while True:
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        elif _is_wrapper(model):
            model = model._orig_mod  # type: ignore[assignment]
        else:
            return model


def _entry(given: nn.Module, model: nn.Module) -> nn.Module:
    """Whose call begins a forward: the outermost compiled wrapper, or the model itself."""
    wrapper = given
    while wrapper is not model:
        if _is_wrapper(wrapper):
            return wrapper
        wrapper = wrapper.module  # type: ignore[assignment]
    return model


def _is_wrapper(module: nn.Module) -> bool:
    return isinstance(module.__dict__.get("_orig_mod"), nn.Module) or isinstance(
        module.__dict__.get("_modules", {}).get("_orig_mod"), nn.Module
    )


def _is_compiled(module: nn.Module) -> bool:
    return _is_wrapper(module) or getattr(module, "_compiled_call_impl", None) is not None


def _is_called_compiled() -> bool:
    """Whether the forward that has just begun was called from a compiled function, or a compiled wrapper."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_call_impl":
        frame = frame.f_back  # type: ignore[assignment]
    while frame is not None:
        if frame.f_code.co_filename.endswith("eval_frame.py"):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _is_capturing_graph() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()


class _Beginning:
    """The hook on the model itself; it lets nothing out, and stays behind where the model is copied or pickled."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    def __call__(self, module: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        try:
            self._tap.begin(arguments, keywords)
        except Exception as error:
            self._tap.fail(error)
        except BaseException:
            self._tap.disarm()
            raise

    def __reduce__(self) -> Any:
        return (_nothing, ())


@functools.cache
def _uncompiled_beginning() -> type[_Beginning]:
    disable: Any = torch.compiler.disable

    class Uncompiled(_Beginning):
        __call__ = disable(_Beginning.__call__)

    return Uncompiled


class _End:
    """The hook after the model's forward."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> None:
        try:
            self._tap.end(output)
        except Exception as error:
            self._tap.fail(error)

    def __reduce__(self) -> Any:
        return (_nothing, ())
