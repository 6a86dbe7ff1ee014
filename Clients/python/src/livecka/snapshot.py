"""A CKA matrix with everything that belongs to it, from a daemon or from a file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

from . import _safetensors

Matrix = npt.NDArray[np.float64]

# A JSON snapshot's keys beside the matrices, in the order in which the daemon writes them.
_JSON_KEYS = ("run", "window", "generation", "step_first", "step_last", "batches", "examples", "missing", "layers")


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
    """What a safetensors file holds beyond that: `groups` [G, L, L] and `traces` [G, L] to go on computing with."""

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

    def save(self, path: Union[str, Path]) -> None:
        """Writes a file whose format its name says: ``.json``, ``.npz`` or ``.safetensors``."""
        suffix = Path(path).suffix
        if suffix == ".json":
            Path(path).write_text(self._json(), encoding="utf-8")
        elif suffix == ".npz":
            header = np.array(json.dumps(self.header, ensure_ascii=False))
            arrays: dict[str, Any] = {**self._arrays(), "layers": np.array(self.layers), "header": header}
            np.savez(path, **arrays)
        elif suffix == ".safetensors":
            text = {
                key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                for key, value in self.header.items()
            }
            _safetensors.save(path, self._arrays(), text)
        else:
            raise ValueError(f"{path}: a snapshot is saved as .json, .npz or .safetensors")

    def _arrays(self) -> dict[str, Matrix]:
        dominance = {} if self.dominance is None else {"dominance": self.dominance}
        return {"cka": self.cka, "stderr": self.stderr, "hsic": self.hsic, **dominance, **self.extras}

    def _json(self) -> str:
        dominance = np.full(len(self.layers), np.nan) if self.dominance is None else self.dominance
        document = {key: self.header.get(key) for key in _JSON_KEYS}
        document.update({
            "cka": _nulled(self.cka), "stderr": _nulled(self.stderr), "hsic": _nulled(self.hsic),
            "dominance": _nulled(dominance), "accounting": self.header.get("accounting", {}),
        })
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
    cka, stderr, hsic = (_filled(document.pop(name)) for name in ("cka", "stderr", "hsic"))
    dominance = document.pop("dominance", None)
    return Snapshot(document, cka, stderr, hsic, None if dominance is None else _filled(dominance))


def _from_arrays(header: dict[str, Any], arrays: dict[str, Matrix]) -> Snapshot:
    cka, stderr, hsic = arrays.pop("cka"), arrays.pop("stderr"), arrays.pop("hsic")
    return Snapshot(header, cka, stderr, hsic, arrays.pop("dominance", None), arrays)


def _value(text: str) -> Any:
    """Metadata holds text alone: numbers, lists and objects are written as JSON, words as they are."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _nulled(array: Matrix) -> Any:
    """Nested lists with ``None`` for NaN."""
    if array.ndim == 1:
        return [value if math.isfinite(value) else None for value in array.tolist()]
    return [_nulled(row) for row in array]


def _filled(rows: Any) -> Matrix:
    """The array of nested lists, NaN for ``None``."""
    return np.array(rows, dtype=np.float64)
