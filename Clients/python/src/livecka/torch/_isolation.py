"""Running a model on the side, so that training cannot tell."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Optional

import numpy as np
import torch
import torch.nn as nn
from torch.nn.modules.batchnorm import _NormBase

from ._payload import autocast_is_on

_sweeping = 0


def is_sweeping() -> bool:
    """Whether a model is running for LiveCKA just now: forward hooks of others may ask."""
    return _sweeping > 0


@contextmanager
def undisturbed(model: nn.Module, *, evaluating: bool = True) -> Iterator[None]:
    """No gradients, evaluation mode unless told otherwise; afterwards modes, buffers and generators are what they were.

    Modes are set flag by flag: a `train` or `eval` of the model's own may do more than that. The modules' buffers are
    put aside and copies take their place, so the originals are not even written to. Compiled parts run uncompiled,
    which leaves their caches alone.
    """
    global _sweeping
    modules = list(model.modules())
    modes = [module.training for module in modules]
    buffers = [(module._buffers, dict(module._buffers)) for module in modules if module._buffers]
    momenta = [(norm, norm.momentum) for norm in _norms(model)]
    copies: dict[int, torch.Tensor] = {}  # a buffer that two modules share stays shared
    with ExitStack() as stack:
        stack.enter_context(_same_random_numbers(model))
        stack.enter_context(torch.no_grad())
        stack.enter_context(_uncompiled())
        stack.enter_context(_without_checkpoint_warnings())
        _sweeping += 1
        try:
            for current, originals in buffers:
                for name, buffer in originals.items():
                    if buffer is not None:
                        if id(buffer) not in copies:
                            copies[id(buffer)] = buffer.detach().clone()
                        current[name] = copies[id(buffer)]
            if evaluating:
                for module in modules:
                    module.training = False
            yield
        finally:
            _sweeping -= 1
            for module, training in zip(modules, modes):
                module.training = training
            for current, originals in buffers:
                current.clear()
                current.update(originals)
            for norm, momentum in momenta:
                norm.momentum = momentum


def recalibrate(model: nn.Module, forward: Iterable[Any]) -> None:
    """Replaces BatchNorm's running averages by the plain average over the batches that `forward` runs.

    Early in training the running averages lag behind the weights, which fakes blocks of similar layers. To be called
    inside `undisturbed`: everything but BatchNorm stays in evaluation mode.
    """
    norms = _norms(model)
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
        norm.training = True
    for _ in forward:
        pass
    for norm in norms:
        norm.training = False


@contextmanager
def casting(device: str, dtype: Optional[torch.dtype]) -> Iterator[None]:
    """Autocast to a type, or none at all, whatever is on around it.

    Nothing is cached: weights that are cast here, without gradients, would be found again by the training forward.
    """
    if dtype is None and not autocast_is_on(device):
        yield
        return
    with torch.autocast(device, dtype=dtype, enabled=dtype is not None, cache_enabled=False):
        try:
            yield
        finally:
            # A forward of the user's own may have cast and cached.
            torch.clear_autocast_cache()


@contextmanager
def casting_as_around(device: str) -> Iterator[None]:
    """The autocast that is on around it, without its cache."""
    if not autocast_is_on(device):
        yield
        return
    try:
        dtype = torch.get_autocast_dtype(device)
    except AttributeError:  # before torch 2.4
        dtype = torch.get_autocast_cpu_dtype() if device == "cpu" else torch.get_autocast_gpu_dtype()
    with torch.autocast(device, dtype=dtype, cache_enabled=False):
        try:
            yield
        finally:
            torch.clear_autocast_cache()


def _norms(model: nn.Module) -> list[_NormBase]:
    """The normalising layers that keep running averages."""
    return [module for module in model.modules() if isinstance(module, _NormBase) and module.running_mean is not None]


@contextmanager
def _same_random_numbers(model: nn.Module) -> Iterator[None]:
    python, legacy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    # Asking an accelerator that nobody has used yet would set it up; then there is no state to keep either.
    is_in_use: Callable[[], bool] = torch.cuda.is_initialized
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda} if is_in_use() else set()
    cuda = [(device, torch.cuda.get_rng_state(device)) for device in devices]
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        torch.set_rng_state(cpu)
        for device, state in cuda:
            torch.cuda.set_rng_state(state, device)


@contextmanager
def _uncompiled() -> Iterator[None]:
    # Where the compiler has never been imported nothing is compiled, and importing it takes a second.
    set_stance: Any = getattr(torch.compiler, "set_stance", None)
    if set_stance is None or "torch._dynamo" not in sys.modules:
        yield
        return
    with set_stance("force_eager"):
        yield


@contextmanager
def _without_checkpoint_warnings() -> Iterator[None]:
    """Reentrant checkpointing warns of inputs without gradients, which is what they are here."""
    module: Any = sys.modules.get("torch.utils.checkpoint")
    check = getattr(module, "check_backward_validity", None)
    if check is None:
        yield
        return
    module.check_backward_validity = _accept
    try:
        yield
    finally:
        module.check_backward_validity = check


def _accept(inputs: Any) -> None:
    pass
