"""Lightning: a callback that watches a model's layers, for ``lightning`` and for ``pytorch_lightning``."""

from __future__ import annotations

import importlib
import sys
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from ._attachment import Attachment, failure_reason

__all__ = ["Callback"]

_FRAMEWORKS = ("lightning.pytorch", "pytorch_lightning")
# Strategies that leave each process a piece of every layer: one process alone cannot run the model.
_SHARDED = ("FSDPStrategy", "DeepSpeedStrategy", "ModelParallelStrategy")

if TYPE_CHECKING:
    _Base = Any  # whichever package's Callback a trainer asks for
else:
    _Base = object


class Callback(_Base):  # type: ignore[misc]
    """Watches a LightningModule while it trains: two lines in a script.

        import livecka.lightning
        trainer = Trainer(callbacks=[livecka.lightning.Callback(run="resnet-d40", probe=(images, labels))])

    Every keyword is one of `livecka.torch.watch`, with the same meaning, so also ``every``, ``layers``,
    ``recalibrate`` and ``strict``. Steps are optimiser steps (``trainer.global_step``), with gradients accumulated or
    not, and go on where a checkpoint left off; the first picture is of the weights before the first step. The probe
    set runs in the trainer's precision, and only the first process of a parallel job watches.

    Wrong options raise here. Later nothing is raised into the trainer unless `strict`: faults are logged once and
    counted in `faults`. When training ends the run ends, as finished, failed or interrupted.

    The class of the object also derives from the ``Callback`` of each Lightning package that is imported.

    :param run: the run's name.
    :param module: which part to watch, as an attribute's name (``"encoder"``, ``"net.trunk"``) or a function of the
        LightningModule; by default all of it. The probe batches are then this part's inputs.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Callback:
        return object.__new__(_derived(cls))

    def __init__(
        self, run: str, *, module: Optional[Union[str, Callable[[Any], Any]]] = None, **options: Any
    ) -> None:
        self._module = module
        self._attachment = Attachment({"run": run, **options})

    @property
    def watcher(self) -> Any:
        """The `livecka.torch.Watcher` of the training that runs or ran last; none before."""
        return self._attachment.watcher

    @property
    def faults(self) -> dict[str, int]:
        """Errors kept from the trainer, by kind."""
        return self._attachment.faults

    # What Lightning calls

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Before the first step, a checkpoint restored."""
        self._attachment.begin(
            lambda: self._watched(trainer, pl_module), trainer.global_step, forward=_Forward(trainer)
        )

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """After each batch; not every batch is a step."""
        self._attachment.step(trainer.global_step)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Training went to its end, or was told to stop early."""
        self._attachment.end("finished")

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Training broke off."""
        self._attachment.end(failure_reason(exception))

    # Lightning copies and pickles callbacks; the class made for this process is found anew by `__new__`.

    def __reduce__(self) -> tuple[Any, ...]:
        return _revived, (_own_class(type(self)), self.__getstate__())

    def __getstate__(self) -> dict[str, Any]:
        # Lightning leaves methods of the model in a callback; the model is not a copy's business.
        return {key: value for key, value in self.__dict__.items() if key not in ("log", "log_dict")}

    def _watched(self, trainer: Any, pl_module: Any) -> Any:
        strategy = type(trainer.strategy).__name__
        if strategy in _SHARDED and self._attachment.has_probe:
            raise RuntimeError(f"{strategy} leaves each process a piece of every layer, so no probe set can run in one")
        if self._module is None:
            return pl_module
        if callable(self._module):
            return self._module(pl_module)
        return pl_module.get_submodule(self._module)


class _Forward:
    """Runs a probe batch as the trainer runs a training batch: in its precision."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = weakref.ref(trainer)  # which owns the callback that owns this

    def __call__(self, model: Any, inputs: Any) -> Any:
        trainer = self._trainer()
        assert trainer is not None
        precision = trainer.precision_plugin
        inputs = precision.convert_input(inputs)
        with precision.forward_context():
            return model(**inputs) if isinstance(inputs, Mapping) else model(inputs)


_classes: dict[tuple[type, ...], type] = {}


def _derived(cls: type) -> type:
    """A class of the same name that is a callback for every Lightning package imported so far, or for one that is there."""
    imported = [name for name in _FRAMEWORKS if name in sys.modules]
    bases = [importlib.import_module(name).Callback for name in imported or [_installed()]]
    missing = tuple(base for base in bases if not issubclass(cls, base))
    if not missing:
        return cls
    if (cls, *missing) not in _classes:
        facts = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__, "_own": cls}
        _classes[(cls, *missing)] = type(cls.__name__, (cls, *missing), facts)
    return _classes[(cls, *missing)]


def _own_class(cls: type) -> type:
    own = cls.__dict__.get("_own", cls)
    assert isinstance(own, type)
    return own


def _installed() -> str:
    for name in _FRAMEWORKS:
        try:
            importlib.import_module(name)
            return name
        except ImportError:
            continue
    raise ImportError("livecka.lightning needs Lightning: pip install lightning")


def _revived(cls: type[Callback], state: dict[str, Any]) -> Callback:
    callback = cls.__new__(cls)
    callback.__dict__.update(state)
    return callback
