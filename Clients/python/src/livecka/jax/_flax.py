"""Flax modules as a function from inputs to named arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Optional, Union

import jax

Chosen = Union[str, "re.Pattern[str]", Callable[[str, Any], bool]]


def intermediates(
    module: Any, layers: Optional[Chosen] = None, *, sown: bool = False, method: Any = None, **arguments: Any
) -> Callable[[Any, Any], Mapping[str, Any]]:
    """What the parts of a Flax linen module put out, for `watch`: in the order in which they ran, by their names.

        watcher = livecka.jax.watch(livecka.jax.intermediates(model), run="mlp", probe=images)
        watcher.step({"params": params})        # or with "batch_stats"; bare parameters will do as well

    A part that runs several times appears as ``name#1``, ``name#2`` and so on; of several outputs the first array
    counts. Names are paths, ``encoder.block_0.Dense_1``.

    :param layers: a regular expression for whole names, or a predicate on name and module; by default all parts.
    :param sown: take what the module itself sows into the collection ``intermediates`` instead.
    :param method: a method of the module, where it is not ``__call__``.
    :param arguments: further arguments of that method, such as ``train=False``.
    """
    pattern = re.compile(layers) if isinstance(layers, str) else layers

    def is_chosen(name: str, part: Any) -> bool:
        if pattern is None:
            return True
        return pattern.fullmatch(name) is not None if isinstance(pattern, re.Pattern) else bool(pattern(name, part))

    def outputs(variables: Any, inputs: Any) -> Mapping[str, Any]:
        order: list[tuple[str, tuple[str, ...]]] = []

        def is_captured(part: Any, method_name: str) -> bool:
            # Flax asks after each call, so this is the order in which the parts are through.
            name = ".".join(part.path)
            if sown or method_name != "__call__" or not name or not is_chosen(name, part):
                return False
            order.append((name, (*part.path, method_name)))
            return True

        _, state = module.apply(
            _variables(variables), inputs, capture_intermediates=is_captured, mutable=["intermediates"], method=method,
            **arguments,
        )
        collection = state.get("intermediates", {})
        if sown:
            order = [(name, path) for path in _paths(collection) if is_chosen(name := ".".join(path), module)]
        return _named(order, collection)

    return outputs


def _variables(variables: Any) -> Any:
    return variables if isinstance(variables, Mapping) and "params" in variables else {"params": variables}


def _paths(collection: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """One path for each value of the collection, repeated where a place has several."""
    if not isinstance(collection, Mapping):
        return [prefix] * (len(collection) if isinstance(collection, tuple) else 1)
    return [path for key, value in collection.items() for path in _paths(value, (*prefix, key))]


def _named(order: list[tuple[str, tuple[str, ...]]], collection: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    turns: dict[str, int] = {}
    for name, path in order:
        values = collection
        for key in path:
            values = values[key]
        values = values if isinstance(values, tuple) else (values,)
        turn = turns[name] = turns.get(name, 0) + 1
        leaves = jax.tree_util.tree_leaves(values[turn - 1])
        if leaves:
            result[name if len(values) == 1 else f"{name}#{turn}"] = leaves[0]
    return result
