"""Running a model on the side, so that training cannot tell."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn as nn
from torch.nn.modules.batchnorm import _NormBase

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards modes, buffers and generators are what they were.

    Modes are set flag by flag: a `train` or `eval` of the model's own may do more than that. BatchNorm's buffers are
    put aside and copies take their place, so the originals are not even written to.
    """
    modes = [(module, module.training) for module in model.modules()]
    statistics = [
        (norm, {name: norm._buffers[name] for name in _STATISTICS}, norm.momentum) for norm in _norms(model)
    ]
    with _same_random_numbers(), torch.no_grad():
        try:
            for norm, buffers, _ in statistics:
                for name, buffer in buffers.items():
                    norm._buffers[name] = None if buffer is None else buffer.clone()
            for module, _ in modes:
                module.training = False
            yield
        finally:
            for module, training in modes:
                module.training = training
            for norm, buffers, momentum in statistics:
                norm._buffers.update(buffers)
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


def _norms(model: nn.Module) -> list[_NormBase]:
    """The normalising layers that keep running averages."""
    return [module for module in model.modules() if isinstance(module, _NormBase) and module.running_mean is not None]


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    python, legacy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    # Asking an accelerator that nobody has used yet would set it up; then there is no state to keep either.
    is_in_use: Callable[[], bool] = torch.cuda.is_initialized
    cuda = torch.cuda.get_rng_state_all() if is_in_use() else []
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
