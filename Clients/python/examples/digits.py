#!/usr/bin/env python3
"""A small training run whose layers grow alike while you watch: block structure in about ten seconds.

A residual network of 40 blocks is trained on 128 handwritten digits, far too few for its depth. Within the first
tenth of training most of its layers become one block of high CKA. The two lines that let LiveCKA see it are marked.

    livecka serve &
    python digits.py --run digits
    livecka watch digits

Needs scikit-learn and PyTorch.
"""

from __future__ import annotations

import argparse
import math
import time

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

import livecka.torch

WIDTH, BLOCKS, CLASSES = 128, 40, 10
TRAINING_EXAMPLES, PROBE_EXAMPLES, BATCH = 128, 256, 64
PEAK_RATE, MOMENTUM = 0.05, 0.9


class Block(nn.Module):
    """h ← relu(h + BN(W relu(BN(W h))))"""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(WIDTH, WIDTH, bias=False)
        self.first_norm = nn.BatchNorm1d(WIDTH)
        self.second = nn.Linear(WIDTH, WIDTH, bias=False)
        self.second_norm = nn.BatchNorm1d(WIDTH)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.first_norm(self.first(h)))
        return torch.relu(h + self.second_norm(self.second(inner)))


class ResidualNetwork(nn.Module):
    """An input layer, 40 residual blocks and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(64, WIDTH, bias=False)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.head = nn.Linear(WIDTH, CLASSES, bias=False)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem(images)))


def rate(step: int, steps: int) -> float:
    """The learning rate's share of its peak: up over a tenth of the steps, then down along a cosine."""
    warm_up = max(1, steps // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    return (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up))) / 2


def main() -> None:
    arguments = parsed_arguments()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)  # layers this small gain nothing from more, and lose where cores are busy
    digits = load_digits()
    order = torch.randperm(len(digits.target))
    images = torch.tensor(digits.data, dtype=torch.float32)[order] / 16
    labels = torch.tensor(digits.target)[order]
    seen, held_out = slice(TRAINING_EXAMPLES), slice(-PROBE_EXAMPLES, None)

    model = ResidualNetwork()
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK_RATE, momentum=MOMENTUM)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, arguments.steps))

    # ---- added line 1 of 2: what to watch, and on which held-out examples -------------------------------------------
    watcher = livecka.torch.watch(
        model, run=arguments.run, endpoint=arguments.endpoint, bind=arguments.bind, every=arguments.every,
        layers=["stem", r"blocks\.\d+"], probe=(images[held_out], labels[held_out]), batch_size=BATCH,
        probe_name="digits-held-out", recalibrate=images[seen][:512], wait=arguments.wait, budget=None,
    )
    # -----------------------------------------------------------------------------------------------------------------

    for step in range(1, arguments.steps + 1):
        chosen = torch.randperm(TRAINING_EXAMPLES)[:BATCH]
        loss = nn.functional.cross_entropy(model(images[seen][chosen]), labels[seen][chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

        # ---- added line 2 of 2: once after each optimiser step ------------------------------------------------------
        watcher.step()
        # -------------------------------------------------------------------------------------------------------------

        if step % 10 == 0:
            print(f"step {step:4d}  loss {loss.item():.4f}", flush=True)
        time.sleep(arguments.pause)
    watcher.close()
    print(watcher.stats)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small residual network under LiveCKA's eyes.")
    parser.add_argument("--run", default="digits", help="the run's name (%(default)s)")
    parser.add_argument("--endpoint", default="tcp://127.0.0.1:5571", help="where the daemon is (%(default)s)")
    parser.add_argument("--bind", action="store_true", help="bind the endpoint, for `livecka attach`")
    parser.add_argument("--steps", type=int, default=200, help="optimiser steps (%(default)s)")
    parser.add_argument("--every", type=int, default=5, help="steps from one sweep to the next (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, data and order (%(default)s)")
    parser.add_argument("--wait", default="2s", help="how long the first sweep waits for a daemon (%(default)s)")
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="slow motion: rest after a step")
    return parser.parse_args()


if __name__ == "__main__":
    main()
