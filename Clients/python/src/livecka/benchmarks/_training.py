"""One training process of the overhead benchmark: a residual network on digits, in blocks of steps on demand.

    python -m livecka.benchmarks._training KIND ENDPOINT EVERY THREADS

It reads a number of steps from each line of standard input, trains for so many, and writes what they took as JSON.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import os
import sys
import time
from typing import Any, Optional

WIDTH, BLOCKS, CLASSES, BATCH, PROBE, PIXELS = 128, 30, 10, 128, 256, 64


def main(kind: str, endpoint: str, every: int, threads: int) -> None:
    """Trains on demand until standard input ends."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    images, labels = _digits()
    seen, held_out = slice(None, -PROBE), slice(-PROBE, None)
    model = _network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    watcher: Any = None
    if kind != "absent":
        import livecka.torch

        watcher = livecka.torch.watch(
            model, run=f"overhead-{kind}", endpoint=endpoint, every=every, payload="gram", layers=r"1\.\d+",
            probe=(images[held_out], labels[held_out]), strict=False,
        )
    digest = hashlib.sha256()
    count = len(images[seen])
    ended: Optional[float] = None
    for line in sys.stdin:
        if watcher is not None and ended is not None:
            # The turns of the other processes are no training time of this one.
            watcher._turns.budget.leave_out(time.perf_counter() - ended)
        durations, with_probe, losses = [], [], []
        cpu, start = time.process_time(), time.perf_counter()
        for _ in range(int(line)):
            began = time.perf_counter()
            chosen = torch.randint(count, (BATCH,))
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            is_probed = watcher.step() if watcher is not None else False
            losses.append(loss.item())
            durations.append(time.perf_counter() - began)
            with_probe.append(is_probed)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        ended = time.perf_counter()
        digest.update(repr(losses).encode())
        report = {
            "wall": wall, "cpu": cpu, "losses": digest.hexdigest(), "last_loss": losses[-1] if losses else None,
            "durations": [d for d, is_probed in zip(durations, with_probe) if not is_probed],
            **_told_by(watcher),
        }
        print(json.dumps(report), flush=True)


def _told_by(watcher: Any) -> dict[str, Any]:
    if watcher is None:
        return {}
    stats: Optional[Any] = watcher.stats
    return {
        "is_subscribed": watcher.monitor is not None and watcher.monitor.is_subscribed,
        "counters": dataclasses.asdict(watcher.counters), "cost": dataclasses.asdict(watcher.cost),
        "stats": None if stats is None else dataclasses.asdict(stats), "faults": watcher.faults,
    }


def _network() -> Any:
    """h ← h + relu(BN(W h)), 30 times."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(WIDTH, WIDTH, bias=False), nn.BatchNorm1d(WIDTH), nn.ReLU())

        def forward(self, h: Any) -> Any:
            return h + self.inner(h)

    return nn.Sequential(
        nn.Linear(PIXELS, WIDTH), nn.Sequential(*(Block() for _ in range(BLOCKS))), nn.Linear(WIDTH, CLASSES)
    )


def _digits() -> tuple[Any, Any]:
    """The handwritten digits of scikit-learn, in a fixed order; without it, clusters of the same size."""
    import torch

    generator = torch.Generator().manual_seed(0)
    try:
        load_digits: Any = importlib.import_module("sklearn.datasets").load_digits
    except ImportError:
        labels = torch.randint(CLASSES, (1797,), generator=generator)
        centres = torch.rand(CLASSES, PIXELS, generator=generator)
        return centres[labels] + 0.2 * torch.randn(1797, PIXELS, generator=generator), labels
    digits = load_digits()
    order = torch.randperm(len(digits.target), generator=generator)
    return torch.tensor(digits.data, dtype=torch.float32)[order] / 16, torch.tensor(digits.target)[order]


if __name__ == "__main__":
    os.environ.pop("LIVECKA_DISABLE", None)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
