"""An emitter's messages, version 1: topics, headers, and a batch cut into messages that a daemon accepts.

    [b"livecka/1/<run>/", header as JSON, tensor, tensor, ...]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from ._arrays import Bytes, TensorSource, describe

VERSION = 1
HEADER_LIMIT = 1 << 20
MESSAGE_LIMIT = 1 << 30
KINDS = ("activations", "gram")
PHASES = ("train", "eval", "checkpoint")

JSONObject = dict[str, Any]
ExampleID = Union[int, str]
Message = tuple[bytes, list[Bytes]]
"""An encoded header, still without `dropped`, and its tensors."""

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LARGEST_INTEGER = 1 << 53
# A part's list of tensors stays well inside the header's limit and leaves room for the other keys.
_DESCRIPTIONS_LIMIT = HEADER_LIMIT // 2


def checked_run(run: str) -> str:
    """The run's name, if it is one."""
    if not isinstance(run, str) or _RUN.fullmatch(run) is None:
        raise ValueError(
            f"run: {run!r} is no run name; use 1 to 128 of the characters A-Z a-z 0-9 . _ -, a letter or digit first"
        )
    return run


def checked_layer(name: str) -> str:
    """The layer's name, if it is one."""
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= 256 or _CONTROL_CHARACTERS.search(name):
        raise ValueError(f"{name!r} is no layer name; use 1 to 256 bytes of UTF-8 without control characters")
    return name


def checked_integer(value: Any, name: str) -> int:
    """A whole number from 0 to 2⁵³, from Python, NumPy or a tensor of one element."""
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _LARGEST_INTEGER:
        raise ValueError(f"{name}: {value!r} must be a whole number from 0 to 2^53")
    return number


def optional_integer(value: Optional[Any], name: str) -> Optional[int]:
    """As `checked_integer`, where nothing stays nothing."""
    return None if value is None else checked_integer(value, name)


def integers(values: Any, name: str, count: int) -> list[int]:
    """`count` integers from a list, an array or a tensor."""
    result = _listed(values, name, count)
    if any(isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_INTEGER for value in result):
        raise ValueError(f"{name}: must hold whole numbers only")
    return result


def example_ids(values: Any, count: int) -> list[ExampleID]:
    """`count` example ids, integers or strings, from a list, an array or a tensor."""
    result = _listed(values, "examples", count)
    if any(isinstance(value, bool) or not isinstance(value, (int, str)) for value in result):
        raise ValueError("examples: ids must be whole numbers or strings")
    return result


def checked_choice(value: Optional[str], name: str, choices: tuple[str, ...]) -> Optional[str]:
    """One of a few words, or nothing."""
    if value is not None and value not in choices:
        raise ValueError(f"{name}: {value!r} is none of {', '.join(choices)}")
    return value


def topic(run: str) -> bytes:
    """The topic under which a run's messages travel."""
    return f"livecka/{VERSION}/{run}/".encode()


def encoded(header: JSONObject) -> bytes:
    """A header as UTF-8 JSON; ``ValueError`` for what JSON cannot hold, NaN and infinities included."""
    return json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def with_dropped(header: bytes, dropped: int) -> bytes:
    """An encoded header with one more key: `dropped` is known only when a message's turn has come."""
    return header[:-1] + b',"dropped":%d}' % dropped


def described(activations: Mapping[str, Any], kind: str) -> tuple[list[TensorSource], int]:
    """A batch's tensors, checked but not copied, and its number of examples."""
    tensors = [describe(checked_layer(layer), array) for layer, array in activations.items()]
    if not tensors:
        raise ValueError("a batch needs at least one layer")
    n = _example_count(tensors[0], kind)
    for tensor in tensors:
        if _example_count(tensor, kind) != n:
            raise ValueError(f"layer {tensor.layer!r} does not have the {n} examples of layer {tensors[0].layer!r}")
    return tensors, n


def batch_messages(header: JSONObject, tensors: Sequence[TensorSource], kind: str, copy: bool) -> list[Message]:
    """A whole batch as messages; keys of `header` that hold nothing are left out."""
    present = {key: value for key, value in header.items() if value is not None}
    parts = _parts(tensors)
    messages = []
    for number, part in enumerate(parts):
        is_one_of_many = len(parts) > 1
        if is_one_of_many:
            present.update({"layers": len(tensors), "part": number, "parts": len(parts)})
        present["tensors"] = [_entry(tensor, kind, index if is_one_of_many else None) for index, tensor in part]
        text = encoded(present)
        if len(text) > HEADER_LIMIT - 64:
            raise ValueError(f"the header takes {len(text)} bytes, over 1 MiB; send fewer or shorter example ids")
        messages.append((text, [tensor.frame(copy) for _, tensor in part]))
    return messages


def _parts(tensors: Sequence[TensorSource]) -> list[list[tuple[int, TensorSource]]]:
    """Cuts a batch by layers into messages of at most 1 GiB; each tensor comes with its layer's position."""
    result: list[list[tuple[int, TensorSource]]] = []
    message_room = description_room = -1
    for index, tensor in enumerate(tensors):
        size = tensor.byte_count
        if size > MESSAGE_LIMIT - HEADER_LIMIT:
            raise ValueError(
                f"layer {tensor.layer!r} takes {size} bytes, over the 1 GiB of a message; send fewer examples at once, "
                "pool the layer, or send its Gram matrix (kind='gram')"
            )
        description = len(tensor.layer.encode()) + 160
        if size > message_room or description > description_room:
            result.append([])
            message_room, description_room = MESSAGE_LIMIT - HEADER_LIMIT, _DESCRIPTIONS_LIMIT
        result[-1].append((index, tensor))
        message_room -= size
        description_room -= description
    return result


def _entry(tensor: TensorSource, kind: str, index: Optional[int]) -> JSONObject:
    entry: JSONObject = {"layer": tensor.layer, "dtype": tensor.dtype, "shape": list(tensor.shape)}
    if kind == "gram":
        entry["kind"] = kind
        if len(tensor.shape) == 1:
            entry["packed"] = True
    elif len(tensor.shape) == 1:
        entry["shape"] = [*tensor.shape, 1]
    if index is not None:
        entry["index"] = index
    return entry


def _example_count(tensor: TensorSource, kind: str) -> int:
    first = tensor.shape[0]
    if kind == "activations":
        return first
    if len(tensor.shape) == 1:
        n = int(((8 * first + 1) ** 0.5 - 1) / 2)
        if n * (n + 1) // 2 == first:
            return n
    elif tensor.shape == (first, first):
        return first
    raise ValueError(
        f"layer {tensor.layer!r} has shape {list(tensor.shape)}; a Gram matrix is n × n, or packed n(n+1)/2"
    )


def _listed(values: Any, name: str, count: int) -> list[Any]:
    result: list[Any] = values.tolist() if hasattr(values, "tolist") else list(values)
    result = [value.item() if hasattr(value, "item") else value for value in result]
    if len(result) != count:
        raise ValueError(f"{name}: {len(result)} entries for {count} examples")
    return result
