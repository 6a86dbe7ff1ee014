"""Matrices as heat maps with matplotlib, which is imported by those who draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union

import numpy as np
import numpy.typing as npt

Block = Union[tuple[int, int], Mapping[str, Any]]
"""The first and the last layer of a block, counted from 0 and both in it; or an alert that has `layers`."""

# As in the daemon's pictures: magma has no grey, and this blue stands out from every colour of it.
_COLORS, _UNDEFINED, _HATCH, _OUTLINE = "magma", "#6e6e73", "#9a9aa0", "#1fb6ff"
_MOST_NAMES = 40


def heat_map(
    matrix: npt.NDArray[np.float64], layers: Sequence[str], title: str, ax: Any, blocks: Sequence[Block]
) -> Any:
    """Draws a matrix of values from 0 to 1 and returns the axes. Undefined cells are grey and hatched."""
    try:
        from matplotlib import pyplot
        from matplotlib.patches import Rectangle
    except ImportError:
        raise ImportError(
            "plot() needs matplotlib: pip install matplotlib, or save a picture with `livecka snapshot`"
        ) from None
    count = len(layers)
    if ax is None:
        side = min(12.0, 4.5 + 0.12 * count)
        ax = pyplot.subplots(figsize=(side, side * 0.88), layout="constrained")[1]
    colors = pyplot.get_cmap(_COLORS).with_extremes(bad=_UNDEFINED)
    image = ax.imshow(np.ma.masked_invalid(matrix), cmap=colors, vmin=0, vmax=1, interpolation="nearest")
    for row, first, width in _undefined(matrix):
        corner = (first - 0.5, row - 0.5)
        ax.add_patch(Rectangle(corner, width, 1, fill=False, hatch="////", edgecolor=_HATCH, linewidth=0, gid="undefined"))
    for first, last in map(_interval, blocks):
        if not 0 <= first <= last < count:
            raise ValueError(f"blocks: layers {first} to {last} are not among the {count}")
        side = last - first + 1
        corner = (first - 0.5, first - 0.5)
        ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=_OUTLINE, linewidth=2, gid="block"))
    every = -(-count // _MOST_NAMES) if count else 1
    ticks = range(0, count, every)
    ax.set_xticks(ticks, [layers[tick] for tick in ticks], rotation=90, fontsize="small")
    ax.set_yticks(ticks, [layers[tick] for tick in ticks], fontsize="small")
    ax.set_title(title)
    ax.figure.colorbar(image, ax=ax, label="CKA")
    return ax


def _undefined(matrix: npt.NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Stretches of undefined cells: row, first column, width. An undefined layer is one in its own row."""
    padded = np.pad(~np.isfinite(matrix), ((0, 0), (1, 1))).astype(np.int8)
    rows, starts = np.nonzero(np.diff(padded, axis=1) == 1)
    ends = np.nonzero(np.diff(padded, axis=1) == -1)[1]
    return [(int(row), int(start), int(end - start)) for row, start, end in zip(rows, starts, ends)]


def _interval(block: Block) -> tuple[int, int]:
    if isinstance(block, Mapping):
        layers = block.get("layers", block)
        return int(layers["first"]), int(layers["last"])
    first, last = block
    return int(first), int(last)
