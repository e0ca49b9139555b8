"""Names of tensors, parameters, operations and indices: those of the source where it has some.

A tensor is called as the variable it is assigned to, else after its module and operator. A parameter is called after
its attribute path (``in_proj.weight`` is ``W_in_proj``, ``A_log`` under ``-exp`` is ``A``); where one is cut into
several, after what each part makes (``W_in_x``). An index is a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from sim.importing.equations import Definition, System
from sim.importing.fusing import is_outer
from sim.importing.parameters import Parameter
from sim.importing.primitives import Contract, Reduce, Value
from workloads.expression import FUNCTIONS, Cumulate, Reference, Sum, walk

_LETTERS = "dinhprvmfgjlceabouwyzxk"  # neither t, the timestep, nor q and s, the tokens of a chunk
_OF_STATES = {1: "i", 2: "in", 3: "hpn", 4: "ghpn"}  # channels and state; heads and their channels; groups of heads
_RESERVED = {*FUNCTIONS, "sum", "mean", "cumsum", "where", "relu", "abs", "size", "last", "t", "input"}
_WORDS = {"mul": "scaled", "add": "sum", "sub": "difference", "div": "quotient", "einsum": "scaled"}
_KNOWN = {"weight": "W", "bias": "b"}


@dataclass(frozen=True)
class Names:
    """Number -> name, of what a :class:`System` numbers: tensors and parameters, indices, operations by tensor."""

    tensors: dict[str, str]
    indices: dict[str, str]
    operations: dict[str, str]


def names_of(system: System) -> Names:
    """Names for all of *system*, each once; the same for the same system."""
    taken = set(_RESERVED)
    tensors = {system.input.tensor: _free("u", taken)}
    tensors |= _tensors(system, taken)
    tensors |= _parameters(system, tensors, taken)
    operations: dict[str, str] = {}
    used: set[str] = set()
    for each in system.definitions:
        operations[each.tensor] = _free(_operation(each, tensors[each.tensor]), used)
    return Names(tensors, _indices(system, set(tensors.values())), operations)


def _free(wanted: str, taken: set[str]) -> str:
    """*wanted*, or with a number after it if it is taken; it is taken from now on."""
    name = next(name for number in count(1) if (name := wanted if number == 1 else f"{wanted}_{number}") not in taken)
    taken.add(name)
    return name


def identifier(text: str) -> str:
    """*text* as a name of a tensor."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    return name if re.match(r"[A-Za-z]", name) else f"v_{name}" if name else "v"


def _tensors(system: System, taken: set[str]) -> dict[str, str]:
    """Number -> name of each tensor that an equation defines; those that the source calls by a name come first."""
    called: dict[str, str] = {}
    for each in system.definitions:
        given = [name for name in system.names.get(each.tensor, []) if name]
        if given or each.tensor == system.output:
            called[each.tensor] = _free(identifier(given[0]) if given else "out", taken)
    nearest = dict(called)
    reader = {node.tensor: each.tensor for each in reversed(system.definitions) for node in each_reference(each)}
    for each in reversed(system.definitions):
        if each.tensor not in nearest:  # what reads it says what it is for
            nearest[each.tensor] = nearest.get(reader.get(each.tensor, ""), "")
    found = {}
    for each in system.definitions:
        name = called.get(each.tensor)
        found[each.tensor] = name or _free(_described(each, nearest[each.tensor], system), taken)
    return found


def _is_cut(definition: Definition, system: System) -> bool:
    """Whether other equations define other parts of the same value."""
    return any(each.value is definition.value and each is not definition for each in system.definitions)


def _is_last(definition: Definition, system: System) -> bool:
    """Whether no other equation is of the same place in the source and computed later."""
    own = definition.value
    others = (each.value for each in system.definitions if each.value.place is own.place)
    return all(other.number <= own.number for other in others)


def _described(definition: Definition, reader: str, system: System) -> str:
    """A name for what the source does not call by one: its module's, or what it is for its *reader*."""
    value = definition.value
    module = _module(value)
    base = f"{module}_{reader}" if module and reader and _is_cut(definition, system) else module or reader
    if module and _is_last(definition, system):
        return identifier(base)
    word = value.operation.function if isinstance(value.operation, Reduce) else value.place.operator
    what = (
        "outer" if is_outer(value) else "product" if isinstance(value.operation, Contract) else _WORDS.get(word, word)
    )
    return identifier(f"{base}_{what}" if base else what or "v")


def _module(value: Value) -> str:
    """What the module of *value* is called: the last part of its path, with the part before a number."""
    parts = value.place.module.split(".")
    return "_".join(parts[-2:] if parts[-1].isdigit() else parts[-1:])


def _operation(definition: Definition, tensor: str) -> str:
    module = _module(definition.value)
    return f"{module}.{tensor.removeprefix(f'{module}_')}" if module and module != tensor else tensor


def _parameters(system: System, tensors: dict[str, str], taken: set[str]) -> dict[str, str]:
    """Number -> name of each parameter and constant."""
    depth = _depth({each.static.path for each in system.parameters.values()})
    cut: dict[int, int] = {}
    for each in system.parameters.values():
        cut[id(each.value)] = cut.get(id(each.value), 0) + 1
    found: dict[str, str] = {}
    for tensor, each in sorted(system.parameters.items(), key=lambda item: _first(item[0], system)):
        changed = bool(each.value.place.operator)
        given = [name for name in system.names.get(tensor, []) if name] if changed else []
        name = identifier(given[0]) if given else _parameter(each, depth)
        readers = system.readers[tensor]
        if cut[id(each.value)] > 1 and readers:
            module = _module(readers[0].value)
            made = tensors[readers[0].tensor].removeprefix(f"{module}_").removesuffix("_product")
            name = name if made == module else f"{name.removesuffix('_proj')}_{made}"
        found[tensor] = _free(name, taken)
    return found


def _first(parameter: str, system: System) -> tuple[int, int]:
    """Where *parameter* is read first."""
    readers = system.readers[parameter]
    place = next((at for at, each in enumerate(system.definitions) if readers and each is readers[0]), 0)
    return place, list(system.parameters).index(parameter)


def _depth(paths: Iterable[str]) -> dict[str, int]:
    """How many of the last parts of each path tell it apart from all others, the attribute's own name included."""
    parts = {path: path.split(".") for path in paths}
    found = {}
    for path, own in parts.items():
        depth = 1 if own[-1] not in _KNOWN else min(2, len(own))
        while depth < len(own) and any(o is not own and o[-depth:] == own[-depth:] for o in parts.values()):
            depth += 1
        while depth < len(own) and own[-depth].isdigit():
            depth += 1
        found[path] = depth
    return found


def _parameter(parameter: Parameter, depth: dict[str, int]) -> str:
    static = parameter.static
    if not static.path:
        return "c" if not static.learned else "W"
    parts = static.path.split(".")[-depth[static.path] :]
    known = re.fullmatch("(weight|bias)(_.*)?", parts[-1])
    if known:
        return identifier("_".join([_KNOWN[known[1]] + (known[2] or ""), *parts[:-1]]))
    changed = bool(parameter.value.place.operator)
    return identifier("_".join(parts).removesuffix("_log") if changed else "_".join(parts))


def _indices(system: System, tensors: set[str]) -> dict[str, str]:
    """Index -> letter, none that a tensor has as its name: the usual ones for states and taps, then as they appear."""
    free = [letter for letter in _LETTERS if letter not in tensors]
    found: dict[str, str] = {}

    def take(index: str, letter: str) -> None:
        if index not in found and letter in free:
            free.remove(letter)
            found[index] = letter

    appearing = dict.fromkeys(_appearing(system))
    if len(system.input.indices) == 1:
        take(system.input.indices[0], "d")
    for indices in _states(system):
        for index, letter in zip(indices, _OF_STATES.get(len(indices), ""), strict=False):
            take(index, letter)
    for index in appearing:
        if any(reference.lag == index for each in system.definitions for reference in each_reference(each)):
            take(index, "k")
    for index in appearing:
        if index not in found:
            found[index] = free.pop(0) if free else next(n for k in count(1) if (n := f"i{k}") not in found.values())
    return {index: found[index] for index in appearing}


def _states(system: System) -> list[tuple[str, ...]]:
    """The indices of what is read of an earlier timestep, those with the most first."""
    earlier = {
        r.tensor for each in system.definitions for r in each_reference(each) if isinstance(r.lag, int) and r.lag
    }
    found = [each.indices for each in system.definitions if each.tensor in earlier]
    return sorted(found, key=len, reverse=True)


def each_reference(definition: Definition) -> Iterator[Reference]:
    """What an equation reads."""
    return (node for node in walk(definition.rhs) if isinstance(node, Reference))


def _appearing(system: System) -> Iterator[str]:
    """Every index of every equation, in order."""
    yield from system.input.indices
    for each in system.definitions:
        yield from each.indices
        for node in walk(each.rhs):
            if isinstance(node, Reference):
                yield from node.indices
                yield from [node.lag] if isinstance(node.lag, str) else []
            elif isinstance(node, Sum):
                yield from node.indices
            elif isinstance(node, Cumulate):
                yield node.index
