"""Snapshot files: what is written is what others read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy

import livecka
from livecka import Snapshot

NAN = np.nan


def snapshot(**header: Any) -> Snapshot:
    return Snapshot(
        {
            "v": 1, "run": "7", "window": "pass", "kind": "pass", "generation": 2, "step_first": 10, "step_last": 10,
            "batches": 4, "examples": 256, "missing": 0, "layers": ["stem", "blöck", "NaN"],
            "accounting": {"attempted": 4, "rejected": {}}, "undefined": {"NaN": "constant"},
            "estimator": "hsic1", "dtype": "F64", "shape": [3, 3], **header,
        },
        cka=np.array([[1, 0.5, NAN], [0.5, 1, NAN], [NAN, NAN, NAN]]),
        stderr=np.array([[0, 0.1, NAN], [0.1, 0, NAN], [NAN, NAN, NAN]]),
        hsic=np.array([[4, 1, 0], [1, 1, 0], [0, 0, 0.0]]),
        dominance=np.array([0.25, 0.75, NAN]),
    )


def assert_same(actual: Snapshot, expected: Snapshot) -> None:
    for name in ("cka", "stderr", "hsic", "dominance"):
        np.testing.assert_array_equal(getattr(actual, name), getattr(expected, name))
    kept = {key: value for key, value in expected.header.items() if key not in ("dtype", "shape")}
    assert {key: actual.header[key] for key in kept} == kept


@pytest.mark.parametrize("suffix", [".json", ".npz", ".safetensors"])
@pytest.mark.parametrize("run", ["digits", "7", "NaN", "true"])
def test_what_is_saved_is_loaded_again(tmp_path: Path, suffix: str, run: str) -> None:
    original = snapshot(run=run)
    original.save(tmp_path / f"matrix{suffix}")
    loaded = livecka.load(tmp_path / f"matrix{suffix}")
    assert_same(loaded, original)
    assert (loaded.run, loaded.window, loaded.layers) == (run, "pass", ["stem", "blöck", "NaN"])


def test_json_has_the_keys_of_the_daemon_and_null_for_what_is_undefined(tmp_path: Path) -> None:
    snapshot().save(tmp_path / "matrix.json")
    document = json.loads((tmp_path / "matrix.json").read_text(), parse_constant=pytest.fail)
    assert list(document)[:14] == [
        "run", "window", "generation", "step_first", "step_last", "batches", "examples", "missing", "layers", "cka",
        "stderr", "hsic", "dominance", "accounting",
    ]
    assert document["cka"] == [[1, 0.5, None], [0.5, 1, None], [None] * 3]
    assert document["dominance"] == [0.25, 0.75, None]


def test_safetensors_are_read_by_their_own_package(tmp_path: Path) -> None:
    original = snapshot()
    original.save(tmp_path / "matrix.safetensors")
    arrays = safetensors.numpy.load_file(tmp_path / "matrix.safetensors")
    assert set(arrays) == {"cka", "stderr", "hsic", "dominance"}
    np.testing.assert_array_equal(arrays["cka"], original.cka)
    with safetensors.safe_open(tmp_path / "matrix.safetensors", "np") as file:
        metadata = file.metadata()
    assert json.loads(metadata["layers"]) == original.layers
    assert (metadata["window"], metadata["run"]) == ("pass", '"7"')


def test_groups_and_traces_of_a_file_are_kept(tmp_path: Path) -> None:
    arrays = {"cka": np.eye(2), "stderr": np.eye(2), "hsic": np.eye(2), "groups": np.ones((4, 2, 2)), "traces": np.ones((4, 2))}
    metadata = {"run": "digits", "window": "total", "layers": '["a","b"]'}
    safetensors.numpy.save_file(arrays, tmp_path / "matrix.safetensors", metadata)
    loaded = livecka.load(tmp_path / "matrix.safetensors")
    assert loaded.dominance is None and loaded.layers == ["a", "b"]
    assert {name: array.shape for name, array in loaded.extras.items()} == {"groups": (4, 2, 2), "traces": (4, 2)}


def test_numpy_reads_npz_without_pickle(tmp_path: Path) -> None:
    snapshot().save(tmp_path / "matrix.npz")
    with np.load(tmp_path / "matrix.npz", allow_pickle=False) as file:
        assert file["layers"].tolist() == ["stem", "blöck", "NaN"]
        assert file["cka"].shape == (3, 3)


@pytest.mark.parametrize(
    "content", [b"", b"short", b"\xff" * 64, (2).to_bytes(8, "little") + b"{}", (4).to_bytes(8, "little") + b"null"]
)
def test_damaged_files_are_refused_with_their_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="bad.safetensors"):
        livecka.load(tmp_path / "bad.safetensors")


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="npz"):
        snapshot().save(tmp_path / "matrix.png")
    with pytest.raises(ValueError, match="safetensors"):
        livecka.load(tmp_path / "matrix.csv")
