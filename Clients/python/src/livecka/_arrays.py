"""Arrays as frames: element types, byte order, contiguity and the one copy.

A frame holds a tensor raw, little-endian, row-major and contiguous. F16, BF16, F32 and F64 travel as they are; every
other real type is widened to F32. bfloat16 is recognised by name (ml_dtypes, JAX) or comes from torch, and neither
library is imported for it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_BYTE_COUNTS = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}
_LITTLE_ENDIAN = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}


@dataclass(frozen=True)
class TensorSource:
    """One layer's tensor, described but not yet copied."""

    layer: str
    dtype: str
    shape: tuple[int, ...]
    array: Any
    """The caller's array: of NumPy or JAX, or a detached torch tensor."""

    @property
    def byte_count(self) -> int:
        """Bytes of the frame."""
        count = _BYTE_COUNTS[self.dtype]
        for size in self.shape:
            count *= size
        return count

    def frame(self, copy: bool) -> Bytes:
        """The frame's bytes, in memory of their own if `copy`; without it they may be the caller's memory."""
        torch = sys.modules.get("torch")
        is_tensor = torch is not None and isinstance(self.array, torch.Tensor)
        array = _from_torch(self.array) if is_tensor else np.asarray(self.array)
        source = array.view(np.uint16) if array.dtype.name == "bfloat16" else array
        raw = np.ascontiguousarray(source, dtype=_LITTLE_ENDIAN[self.dtype])
        if copy and _is_callers_memory(raw, self.array):
            raw = raw.copy()
        return raw.reshape(-1).view(np.uint8)


def describe(layer: str, value: Any) -> TensorSource:
    """Describes `value`, an array of n examples along axis 0, without copying it.

    Raises ``TypeError`` for elements that are not real numbers, ``ValueError`` for a scalar or an empty array.
    """
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    array: Any
    if torch is not None and isinstance(value, torch.Tensor):
        array = value.detach()
        dtype = _torch_type(layer, array)
    elif jax is not None and isinstance(value, jax.Array):
        # As an array of NumPy's it would be waited for; that is left to `frame`.
        array = value
        dtype = _numpy_type(layer, array.dtype)
    else:
        array = np.asarray(value)
        dtype = _numpy_type(layer, array.dtype)
    shape = tuple(int(size) for size in array.shape)
    if not shape or 0 in shape:
        raise ValueError(f"layer {layer!r} has shape {list(shape)}; it needs n examples along its first axis")
    return TensorSource(layer, dtype, shape, array)


def _numpy_type(layer: str, dtype: np.dtype[Any]) -> str:
    exact = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}.get(dtype.name)
    if exact is not None:
        return exact
    if dtype.kind == "f" and dtype.itemsize > 8:
        return "F64"
    if dtype.kind in "iubf" or dtype.name.startswith("float8"):
        return "F32"
    raise TypeError(f"layer {layer!r} holds {dtype.name}, not real numbers")


def _torch_type(layer: str, tensor: Any) -> str:
    name = str(tensor.dtype).replace("torch.", "")
    exact = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}.get(name)
    if exact is not None:
        return exact
    if name.startswith(("int", "uint", "bool", "float8")):
        return "F32"
    raise TypeError(f"layer {layer!r} holds {tensor.dtype}, not real numbers")


def _from_torch(tensor: Any) -> npt.NDArray[Any]:
    torch = sys.modules["torch"]
    if tensor.dtype == torch.bfloat16:
        # NumPy has no bfloat16: the same bits as integers.
        tensor = tensor.view(torch.int16)
        bits: npt.NDArray[Any] = tensor.numpy(force=True)
        return bits.view(np.uint16)
    if tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.to(torch.float32)
    array: npt.NDArray[Any] = tensor.numpy(force=True)
    return array


def _is_callers_memory(raw: npt.NDArray[Any], source: Any) -> bool:
    if isinstance(source, np.ndarray):
        return np.may_share_memory(raw, source)
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(source, torch.Tensor):
        return False  # JAX's arrays do not change
    if source.device.type != "cpu":
        return False
    return int(raw.__array_interface__["data"][0]) == int(source.data_ptr())
