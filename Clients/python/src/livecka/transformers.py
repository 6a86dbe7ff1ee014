"""Hugging Face transformers: a ``TrainerCallback`` that watches a model's layers."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from ._attachment import Attachment

__all__ = ["Callback"]


class Callback(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Watches a model while a ``Trainer`` trains it: two lines in a script.

        import livecka.transformers
        trainer = Trainer(model, ..., callbacks=[livecka.transformers.Callback(run="gpt", probe=batches)])

    Every keyword is one of `livecka.torch.watch`, with the same meaning, so also ``every``, ``layers`` and
    ``strict``. A probe batch is what the model takes as keyword arguments, ``{"input_ids": …, "attention_mask": …}``:
    a ``DataLoader`` over held-out examples with the trainer's collator will do.

    Steps are optimiser steps (``state.global_step``), with gradients accumulated or not, and go on where a checkpoint
    left off; the first picture is of the weights before the first step. Evaluation is not watched. Only the first
    process of a parallel job watches.

    Wrong options raise here. Later nothing is raised into the trainer unless `strict`: faults are logged once and
    counted in `faults`. The run ends as finished when training does. A trainer that raises does not tell its
    callbacks: the run ends, as failed or interrupted, with the callback, the program or the next training.
    """

    def __init__(self, run: str, **options: Any) -> None:
        self._attachment = Attachment({"run": run, **options})

    @property
    def watcher(self) -> Any:
        """The `livecka.torch.Watcher` of the training that runs or ran last; none before."""
        return self._attachment.watcher

    @property
    def faults(self) -> dict[str, int]:
        """Errors kept from the trainer, by kind."""
        return self._attachment.faults

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Before the first step, a checkpoint restored."""
        self._attachment.begin(lambda: kwargs["model"], state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """After each optimiser step."""
        self._attachment.step(state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Training went to its end, or was told to stop early."""
        self._attachment.end("finished")
