"""`Clients/c/livecka.h` as a shared library: its structures and functions by ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Optional

import ml_dtypes
import numpy as np
import pytest

DIRECTORY = Path(__file__).parents[2] / "c"
STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic")
DTYPES = {"float16": 0, "bfloat16": 1, "float32": 2, "float64": 3}
KINDS = {"activations": 0, "gram": 1, "packed": 2}
REASONS = {"finished": 0, "failed": 1, "interrupted": 2}
Log = CFUNCTYPE(None, c_char_p, c_void_p)
Release = CFUNCTYPE(None, c_void_p, c_void_p)


class Options(ctypes.Structure):
    _fields_ = [
        ("run", c_char_p), ("endpoint", c_char_p), ("bind", c_int), ("queue_bytes", c_size_t), ("heartbeat", c_int),
        ("rank", c_int64), ("world", c_int64), ("meta", POINTER(c_char_p)), ("layers", POINTER(c_char_p)),
        ("layer_count", c_size_t), ("log", Log), ("log_context", c_void_p),
    ]


class Tensor(ctypes.Structure):
    _fields_ = [
        ("layer", c_char_p), ("data", c_void_p), ("dtype", c_int), ("kind", c_int), ("examples", c_size_t),
        ("features", c_size_t), ("release", Release), ("release_context", c_void_p),
    ]


class Batch(ctypes.Structure):
    _fields_ = [
        ("step", c_int64), ("tensors", POINTER(Tensor)), ("tensor_count", c_size_t), ("batch", c_int64), ("batches", c_int64),
        ("probe", c_char_p), ("phase", c_char_p), ("example_ids", POINTER(c_int64)), ("example_names", POINTER(c_char_p)),
        ("labels", POINTER(c_int64)), ("predictions", POINTER(c_int64)),
    ]


class Statistics(ctypes.Structure):
    _fields_ = [
        ("attempted", c_uint64), ("sent", c_uint64), ("dropped", c_uint64), ("queued_bytes", c_size_t),
        ("subscriptions", c_int),
    ]


def compiled(arguments: list[str], compiler: str = "cc") -> None:
    """Runs a compiler; its complaints are the assertion's."""
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    result = subprocess.run([compiler, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def library(directory: Path, *flags: str) -> ctypes.CDLL:
    """The header, compiled with these flags, with its functions declared."""
    path = directory / f"livecka{abs(hash(flags))}.so"
    compiled([
        "-std=c99", "-O1", *STRICT, *flags, "-fPIC", "-shared", "-DLIVECKA_IMPLEMENTATION", "-x", "c",
        str(DIRECTORY / "livecka.h"), "-o", str(path), "-lzmq",
    ])
    opened = ctypes.CDLL(str(path))
    opened.livecka_defaults.argtypes, opened.livecka_defaults.restype = [c_char_p], Options
    opened.livecka_open.argtypes, opened.livecka_open.restype = [POINTER(Options)], c_void_p
    opened.livecka_is_subscribed.argtypes = [c_void_p]
    opened.livecka_wait_for_subscriber.argtypes = [c_void_p, c_int]
    opened.livecka_send.argtypes = [c_void_p, POINTER(Batch)]
    opened.livecka_progress.argtypes, opened.livecka_progress.restype = [c_void_p, c_int64, c_char_p], None
    opened.livecka_stats.argtypes, opened.livecka_stats.restype = [c_void_p], Statistics
    opened.livecka_endpoint.argtypes, opened.livecka_endpoint.restype = [c_void_p], c_char_p
    opened.livecka_close.argtypes, opened.livecka_close.restype = [c_void_p, c_int], None
    return opened


class Monitor:
    """One monitor of the library, with everything that must outlive a call kept."""

    def __init__(
        self, library: ctypes.CDLL, run: str, endpoint: str, *, meta: Optional[dict[str, str]] = None,
        layers: Optional[list[str]] = None, **options: Any,
    ) -> None:
        self._library = library
        self.said: list[str] = []
        self.released: list[int] = []
        self._log = Log(lambda sentence, context: self.said.append(sentence.decode()))
        self._release = Release(lambda data, context: self.released.append(data))
        run_name = run.encode()  # kept until the end: the settings hold a bare pointer
        settings = library.livecka_defaults(run_name)
        settings.endpoint = endpoint.encode()
        settings.log = self._log
        if meta is not None:
            settings.meta = texts([text for pair in meta.items() for text in pair] + [None])
        if layers is not None:
            settings.layers, settings.layer_count = texts(layers), len(layers)
        for name, value in options.items():
            setattr(settings, name, value)
        self.pointer = library.livecka_open(ctypes.byref(settings))

    @property
    def is_subscribed(self) -> bool:
        return bool(self._library.livecka_is_subscribed(self.pointer))

    @property
    def endpoint(self) -> str:
        return self._library.livecka_endpoint(self.pointer).decode()

    @property
    def stats(self) -> dict[str, int]:
        statistics = self._library.livecka_stats(self.pointer)
        return {name: getattr(statistics, name) for name, _ in Statistics._fields_}

    def wait_for_subscriber(self, milliseconds: int) -> bool:
        return bool(self._library.livecka_wait_for_subscriber(self.pointer, milliseconds))

    def progress(self, step: int, phase: Optional[str] = None) -> None:
        self._library.livecka_progress(self.pointer, step, None if phase is None else phase.encode())

    def send(
        self, step: int, layers: dict[str, Any], *, kind: str = "activations", gives_away: bool = False, batch: int = -1,
        batches: int = -1, probe: Optional[str] = None, phase: Optional[str] = None, examples: Any = None,
        labels: Any = None, predictions: Any = None,
    ) -> int:
        tensors = (Tensor * max(1, len(layers)))()
        arrays = {name: np.ascontiguousarray(array) for name, array in layers.items()}
        for tensor, (name, array) in zip(tensors, arrays.items()):
            n = len(array) if kind != "packed" else int(((8 * len(array) + 1) ** 0.5 - 1) / 2)
            tensor.layer, tensor.data, tensor.dtype = name.encode(), array.ctypes.data, DTYPES[array.dtype.name]
            tensor.kind, tensor.examples, tensor.features = KINDS[kind], n, array.size // len(array)
            if gives_away:
                tensor.release = self._release
        are_names = examples is not None and isinstance(examples[0], str)
        message = Batch(
            step, tensors, len(layers), batch, batches, None if probe is None else probe.encode(),
            None if phase is None else phase.encode(), None if are_names else integers(examples),
            texts(examples) if are_names else None, integers(labels), integers(predictions),
        )
        self.kept = (tensors, arrays)
        return int(self._library.livecka_send(self.pointer, ctypes.byref(message)))

    def close(self, reason: str = "finished") -> None:
        self._library.livecka_close(self.pointer, REASONS[reason])
        self.pointer = None


def texts(values: list[Optional[str]]) -> Any:
    return (c_char_p * len(values))(*(None if value is None else value.encode() for value in values))


def integers(values: Any) -> Any:
    return None if values is None else (c_int64 * len(values))(*values)


def executable(directory: Path, name: str, *flags: str, compiler: str = "cc") -> str:
    """`example.c` as a program."""
    path = str(directory / name)
    compiled([*flags, *STRICT, str(DIRECTORY / "example.c"), "-o", path, "-lzmq", "-lm"], compiler)
    return path


def without_disabling(**more: str) -> dict[str, str]:
    return {**{key: value for key, value in os.environ.items() if key != "LIVECKA_DISABLE"}, **more}


bfloat16 = ml_dtypes.bfloat16
