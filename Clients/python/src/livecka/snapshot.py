"""A CKA matrix with everything that belongs to it, from a daemon or from a file."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

from . import _plot, _safetensors

Matrix = npt.NDArray[np.float64]

# A JSON snapshot begins with these keys; the matrices follow, and then whatever else the header holds.
_FIRST_KEYS = ("run", "window", "generation", "step_first", "step_last", "batches", "examples", "missing", "layers")

# What a JSON snapshot has under `pc1`, and the arrays' names elsewhere.
_COMPONENTS = {"fraction": "pc1_fraction", "alignment": "pc1_alignment", "cka_without": "pc1_cka_without"}


@dataclass(frozen=True)
class Snapshot:
    """One window's CKA matrix of L layers, with standard errors; NaN where undefined."""

    header: dict[str, Any]
    """What the daemon says about it: run, window, generation, steps, counts, accounting."""
    cka: Matrix
    """L × L minibatch CKA."""
    stderr: Matrix
    """L × L standard errors."""
    hsic: Matrix
    """L × L: Σ n(n−3)·HSIC₁ ÷ Σ n(n−3)."""
    dominance: Optional[Matrix] = None
    """For each layer how far a single direction dominates it, 0 to 1, where known."""
    extras: dict[str, Matrix] = field(default_factory=dict)
    """What is known beyond that: `pc1_fraction` [L], `pc1_alignment` [L, L] and `pc1_cka_without` [L, L] of the layers'
    first principal components, and from a safetensors file `groups` [G, L, L] and `traces` [G, L] to go on computing
    with."""

    @property
    def layers(self) -> list[str]:
        """The layers' names in order."""
        return list(self.header["layers"])

    @property
    def run(self) -> str:
        """The run's name."""
        return str(self.header["run"])

    @property
    def window(self) -> str:
        """The window's name."""
        return str(self.header["window"])

    def plot(self, ax: Any = None, *, blocks: Sequence[_plot.Block] = ()) -> Any:
        """Draws the matrix with matplotlib and returns the axes.

        Colours go from 0 to 1, undefined values are grey and hatched, and the layers' names stand beside.

        :param ax: axes to draw into; by default a new figure's.
        :param blocks: ranges of layers to frame, each ``(first, last)`` counted from 0, or an alert as the daemon sends it.
        """
        title = f"{self.header.get('run')} · {self.header.get('window')} · step {self.header.get('step_last')}"
        return _plot.heat_map(self.cka, self.layers, title, ax, blocks)

    def save(self, path: Union[str, Path]) -> None:
        """Writes a file whose format its name says: ``.json``, ``.npz``, ``.safetensors``, or ``.csv``.

        The last holds the CKA matrix and the layers' names only; `load` reads the others.
        """
        suffix = Path(path).suffix
        if suffix == ".json":
            Path(path).write_text(self._json(), encoding="utf-8")
        elif suffix == ".npz":
            header = np.array(json.dumps(_file_header(self.header), ensure_ascii=False))
            arrays: dict[str, Any] = {**self._arrays(), "layers": np.array(self.layers), "header": header}
            np.savez(path, **arrays)
        elif suffix == ".safetensors":
            metadata = {key: _text(value) for key, value in _file_header(self.header).items()}
            _safetensors.save(path, self._arrays(), metadata)
        elif suffix == ".csv":
            with open(path, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["", *self.layers])
                for name, row in zip(self.layers, _nulled(self.cka)):
                    writer.writerow([name, *row])
        else:
            raise ValueError(f"{path}: a snapshot is saved as .json, .npz, .safetensors or .csv")

    def _arrays(self) -> dict[str, Matrix]:
        dominance = {} if self.dominance is None else {"dominance": self.dominance}
        return {"cka": self.cka, "stderr": self.stderr, "hsic": self.hsic, **dominance, **self.extras}

    def _json(self) -> str:
        dominance = np.full(len(self.layers), np.nan) if self.dominance is None else self.dominance
        document = {key: self.header.get(key) for key in _FIRST_KEYS}
        document.update({
            "cka": _nulled(self.cka), "stderr": _nulled(self.stderr), "hsic": _nulled(self.hsic),
            "dominance": _nulled(dominance), "accounting": self.header.get("accounting"),
        })
        document.update({key: value for key, value in _file_header(self.header).items() if key not in document})
        components = {key: self.extras[name] for key, name in _COMPONENTS.items() if name in self.extras}
        if components:
            known = document.get("pc1") or {}
            document["pc1"] = {**known, **{key: _nulled(values) for key, values in components.items()}}
        return json.dumps(document, ensure_ascii=False, allow_nan=False)


def load(path: Union[str, Path]) -> Snapshot:
    """Reads a snapshot that the daemon or `Snapshot.save` wrote, by the file's name."""
    suffix = Path(path).suffix
    try:
        if suffix == ".json":
            return _from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            header = json.loads(str(arrays.pop("header")))
            arrays.pop("layers", None)
            return _from_arrays(header, arrays)
        if suffix == ".safetensors":
            arrays, metadata = _safetensors.load(path)
            return _from_arrays({key: _value(text) for key, text in metadata.items()}, arrays)
    except KeyError as error:
        raise ValueError(f"{path}: no snapshot: {error} is missing") from error
    raise ValueError(f"{path}: a snapshot is a .json, .npz or .safetensors file")


def _from_json(document: dict[str, Any]) -> Snapshot:
    names = ("cka", "stderr", "hsic", "dominance")
    arrays: dict[str, Any] = {name: document.pop(name) for name in names if name in document}
    components = document.get("pc1") or {}
    for key, name in _COMPONENTS.items():
        if key in components:
            arrays[name] = components.pop(key)
    return _from_arrays(document, {name: _filled(rows) for name, rows in arrays.items() if rows is not None})


def _from_arrays(header: dict[str, Any], arrays: dict[str, Matrix]) -> Snapshot:
    cka = arrays.pop("cka")
    unknown = np.full_like(cka, np.nan)
    stderr, hsic = arrays.pop("stderr", unknown), arrays.pop("hsic", unknown)
    return Snapshot(header, cka, stderr, hsic, arrays.pop("dominance", None), arrays)


def _file_header(header: dict[str, Any]) -> dict[str, Any]:
    """The header without what describes the frames of a message and what stands beside it."""
    return {key: value for key, value in header.items() if key not in ("dtype", "shape", "dominance", "frames")}


def _text(value: Any) -> str:
    """A metadata entry, which is text: a word as it is, anything else as JSON, a word that reads as JSON as well."""
    return value if isinstance(value, str) and _value(value) == value else json.dumps(value, ensure_ascii=False)


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _nulled(array: Matrix) -> Any:
    """Nested lists with ``None`` for NaN."""
    if array.ndim == 1:
        return [value if math.isfinite(value) else None for value in array.tolist()]
    return [_nulled(row) for row in array]


def _filled(rows: Any) -> Matrix:
    """The array of nested lists, NaN for ``None``."""
    return np.array(rows, dtype=np.float64)
