"""What an import gives: equations as YAML has them, the arrays of their parameters, and the model's own results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from sim.importing.equations import System, equations_of
from sim.importing.expressions import reference_text, text_of
from sim.importing.kinds import kinds_of
from sim.importing.naming import Names, names_of
from sim.importing.parameters import Parameter
from sim.importing.primitives import Array, Program
from sim.importing.separating import separated
from workloads.expression import Reference, Subscript

LONGEST = 1024  # values of a constant


@dataclass(frozen=True)
class Imported:
    """A model as equations.

    ``equations`` has the keys of :class:`~workloads.models.equations_spec.EquationsSpec`; ``parameters`` maps each of
    their parameters to an array ``[*indices]``, float64; ``run`` gives the model's own outputs, in float64, for inputs,
    its states zero at first: ``[tokens, *indices]`` both, with the indices of the equations' output, which are as long
    as ``output_shape``, and of their input.
    """

    equations: dict[str, Any]
    parameters: dict[str, Array]
    output_shape: tuple[int, ...]
    run: Callable[[Array], Array]

    def with_run(self, run: Callable[[Array], Array]) -> Imported:
        """The same with the results of *run*, which gives them along whatever axes."""
        return replace(self, run=lambda inputs: run(inputs).reshape(len(inputs), *self.output_shape))


def imported_from(program: Program, run: Callable[[Array], Array]) -> Imported:
    """The equations of a *program* of one timestep; raises InputError for what has none.

    *run* gives the model's own outputs, along whatever axes.
    """
    assert program.output is not None
    given, handed = prod(program.input.shape), prod(program.output.shape)
    if given != handed:
        message = f"the output has {handed} elements a token, the input {given}, and layers follow one another"
        raise program.output.place.mistake(f"{message}: project it back")
    system = equations_of(separated(program))
    names = names_of(system)
    kinds = kinds_of(system)
    constants = {
        names.tensors[each.tensor]: _constant(each, names) for each in system.parameters.values() if _fixed(each)
    }
    equations: dict[str, Any] = {"sizes": _sizes(system, names)}
    equations["input"] = reference_text(system.input, names.tensors, names.indices)
    if constants:
        equations["constants"] = constants
    equations["operations"] = [
        [names.operations[each.tensor], kinds[each.tensor], _equation(each.tensor, each.indices, each.rhs, names)]
        for each in system.definitions
    ]
    equations["output"] = names.tensors[system.output]
    parameters = {
        names.tensors[p.tensor]: np.ascontiguousarray(p.array) for p in system.parameters.values() if not _fixed(p)
    }
    output = next(each for each in system.definitions if each.tensor == system.output)
    shape = tuple(map(system.length, output.indices))
    return Imported(equations, dict(sorted(parameters.items())), shape, run).with_run(run)


def _fixed(parameter: Parameter) -> bool:
    """Whether it is a constant: not learned, along one axis, and not too long for a file."""
    return not parameter.static.learned and len(parameter.indices) == 1 and parameter.array.size <= LONGEST


def _constant(parameter: Parameter, names: Names) -> list[Any]:
    return [names.indices[parameter.indices[0]], [float(value) for value in parameter.array]]


def _sizes(system: System, names: Names) -> dict[str, int | str]:
    """The length of each index; of one more along the same axis, that of the first."""
    found: dict[str, int | str] = {}
    for index, letter in names.indices.items():
        base = names.indices.get(index.rstrip("'"), letter)
        found[letter] = base if base != letter else system.length(index)
    return found


def _equation(tensor: str, indices: tuple[str, ...], rhs: Any, names: Names) -> str:
    target = reference_text(Reference(tensor, tuple(map(Subscript, indices)), 0), names.tensors, names.indices)
    return f"{target} = {text_of(rhs, names.tensors, names.indices)}"
