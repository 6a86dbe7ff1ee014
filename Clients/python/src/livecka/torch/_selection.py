"""Which modules of a model are watched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Union

import torch.nn as nn

Predicate = Callable[[str, nn.Module], bool]
Layers = Union[str, re.Pattern[str], Predicate, Iterable[Union[str, re.Pattern[str]]]]
"""``"auto"``, a module's name, a regular expression for whole names, several of them, or a predicate."""

# What wrappers insert into the names of the modules inside them.
_WRAPPERS = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def selected(model: nn.Module, layers: Layers) -> dict[str, nn.Module]:
    """The chosen modules by name; ``ValueError`` where a name or an expression matches none."""
    # Of a wrapper and the module inside it, which have the same name then, the inner one comes last.
    named = ((plain_name(name), module) for name, module in model.named_modules())
    modules = {name: module for name, module in named if name}
    if callable(layers):
        chosen = {name for name, module in modules.items() if layers(name, module)}
    elif layers == "auto":
        chosen = _repeated_blocks(modules) or _leaves_with_parameters(modules)
    else:
        chosen = set()
        for wanted in [layers] if isinstance(layers, (str, re.Pattern)) else layers:
            chosen |= _matching(modules, wanted)
    if not chosen:
        raise ValueError("layers: no module of the model was chosen")
    return {name: module for name, module in modules.items() if name in chosen}


def plain_name(name: str) -> str:
    """A module's name as it was before compiling, sharding or checkpointing wrappers."""
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def _matching(modules: dict[str, nn.Module], wanted: Union[str, re.Pattern[str]]) -> set[str]:
    if isinstance(wanted, str) and wanted in modules:
        return {wanted}
    pattern = re.compile(wanted)
    found = {name for name in modules if pattern.fullmatch(name)}
    if not found:
        known = ", ".join(list(modules)[:8])
        raise ValueError(f"layers: no module is called {pattern.pattern!r}; the model has {known}, …")
    return found


def _repeated_blocks(modules: dict[str, nn.Module]) -> set[str]:
    """The blocks of a residual network, where they can be told.

    A block is a module with parts of its own whose class stands at least twice in one list. Of several such classes
    (stages of blocks, say) the one nested deepest is meant, and of those the most frequent.
    """
    families: dict[tuple[int, type[nn.Module]], set[str]] = {}
    for name, container in modules.items():
        if not isinstance(container, _CONTAINERS):
            continue
        classes = Counter(type(child) for child in container.children())
        for key, child in container.named_children():
            is_block = any(True for _ in child.children()) and not isinstance(child, _CONTAINERS)
            if is_block and classes[type(child)] >= 2:
                depth = name.count(".")
                families.setdefault((depth, type(child)), set()).add(f"{name}.{key}")
    if not families:
        return set()
    depth, block = max(families, key=lambda family: (family[0], len(families[family])))
    # The same class elsewhere counts as well: a stage of a single block, or a list nested less deeply.
    return {name for name, module in modules.items() if type(module) is block}


def _leaves_with_parameters(modules: dict[str, nn.Module]) -> set[str]:
    return {
        name for name, module in modules.items()
        if not any(True for _ in module.children()) and any(True for _ in module.parameters(recurse=False))
    }
