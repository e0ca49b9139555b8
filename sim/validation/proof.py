"""Proof on numbers that a workload's graph computes its equations, in the order in which a simulation did them.

The reference is a loop: the equations of one token, token by token, in the order of their definition, in float64.
Beside it stand the order of a simulated run of every formulation that the model has, decode going on from what prefill
left, and, where one is given, the module that the equations were taken from. Inputs and parameters are random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from sim.accounting.replay import OrderRecorder
from sim.files.errors import InputError, Problem
from sim.files.limits import LIMITS, Limits
from sim.files.resolve import Inputs, resolve
from sim.simulation import mapped, run
from workloads.building import generator_of
from workloads.evaluate import Array
from workloads.execute import Execution, Turn, execute, random_parameters
from workloads.graph import TimestepGraph
from workloads.models.registry import LAYERS

TOLERANCE = 1e-10
ANY_SCHEDULE: Final = LIMITS._replace(search="short")
CHUNK = 16  # tokens of a chunk, unless the workload says how many
LEAST_TOKENS = 13
DECODED = 3  # tokens at the end that decode produces
FLOAT_BYTES = 8
LOOP = "the loop"


class Compared(BaseModel):
    """One comparison: ``error`` is the largest difference, as a share of the largest value of the ``tensor``.

    It is infinite where there is a value that is no number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings")

    what: str
    against: str
    tokens: int
    tensors: int
    error: float
    tensor: str
    token: int


class Proof(BaseModel):
    """All comparisons of one workload; it ``holds`` if no error is above the ``tolerance``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workload: str
    model: str
    machine: str
    seed: int
    tolerance: float
    holds: bool
    comparisons: tuple[Compared, ...]

    def to_json(self) -> str:
        """As JSON text: as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"


@dataclass(frozen=True)
class Module:
    """What the equations were taken from: its ``name``, its ``parameters`` by tensor, and ``run``.

    ``run`` gives outputs ``[tokens, ...]`` for inputs ``[tokens, ...]``.
    """

    name: str
    parameters: Mapping[str, Array]
    run: Callable[[Array], Array]


@dataclass(frozen=True)
class Prover:
    """Proves the ``workload`` on the ``machine``, both by name or path, as *assignments* have changed them."""

    workload: str
    machine: str
    assignments: Sequence[str] = ()
    tokens: int | None = None
    seed: int = 0
    module: Module | None = None
    limits: Limits = ANY_SCHEDULE

    def prove(self) -> Proof:
        """All comparisons; raises InputError for mistakes in the input and for numbers that grow out of bounds."""
        found = tuple(self._comparisons())
        spec = self._inputs.workload.spec
        return Proof(
            workload=spec.name,
            model=spec.model,
            machine=self._inputs.machine.name,
            seed=self.seed,
            tolerance=TOLERANCE,
            holds=all(each.error <= TOLERANCE for each in found),
            comparisons=found,
        )

    @cached_property
    def _inputs(self) -> Inputs:
        found = self._resolved()
        if found.workload.model is not None:
            message = f"found {LAYERS!r}, expected a model whose layers are one graph each"
            raise InputError(found.documents[0].problem(["model"], message))
        return found

    def _resolved(self, *more: str) -> Inputs:
        """One layer of one sequence, token by token unless *more* says otherwise."""
        one = ("layers=1", "batch=1", "head=false", f"sequence_length={self.tokens or 1}")
        token_by_token = ("phase=prefill", "formulation=sequential", "chunk=null")
        return resolve(self.workload, self.machine, [*self.assignments, *one, *token_by_token, *more])

    @cached_property
    def _chunks(self) -> dict[str, int]:
        """Formulation -> tokens of a chunk."""
        given = resolve(self.workload, self.machine, self.assignments).workload.spec
        generator = generator_of(given)
        chunk = given.chunk if isinstance(given.chunk, int) else min(CHUNK, generator.longest)
        return dict.fromkeys(generator.chunked, chunk)

    @cached_property
    def _length(self) -> int:
        """Tokens: two chunks and a half unless given."""
        tokens = self.tokens or max([LEAST_TOKENS, *(5 * chunk // 2 for chunk in self._chunks.values())])
        graph = self._inputs.workload.graph
        needed = tokens * FLOAT_BYTES * sum(map(graph.row_elements, graph.producer))
        if needed > self.limits.memory_bytes:
            message = f"{tokens:,} tokens of one layer are {needed / 2**30:.1f} GiB of numbers, expected fewer tokens"
            raise InputError(Problem(message, "--seq-len"))
        return tokens

    @cached_property
    def _parameters(self) -> Mapping[str, Array]:
        workload = self._inputs.workload
        if self.module is not None:
            self._check_module(workload.graph, self.module)
            return self.module.parameters
        ranges = {} if workload.spec.equations is None else workload.spec.equations.ranges
        return random_parameters(workload.graph, self.seed, ranges)

    def _check_module(self, graph: TimestepGraph, module: Module) -> None:
        """Raise InputError unless *module* has the parameters of *graph*."""
        for tensor, indices in graph.parameters.items():
            wanted = tuple(graph.sizes[index] for index in indices)
            if tensor not in module.parameters:
                raise InputError(Problem(f"the parameter {tensor!r} of {self.workload} is none of its", module.name))
            found = np.shape(module.parameters[tensor])
            if found != wanted:
                message = f"the parameter {tensor!r} is {found}, expected {wanted} as in {self.workload}"
                raise InputError(Problem(message, module.name))

    @cached_property
    def _given(self) -> dict[str, Array]:
        """The inputs ``[tokens, ...]``, by tensor."""
        graph, random = self._inputs.workload.graph, np.random.default_rng(self.seed)
        shapes = {tensor: [graph.sizes[index] for index in graph.indices[tensor]] for tensor in graph.inputs}
        return {tensor: random.standard_normal((self._length, *shape)) for tensor, shape in shapes.items()}

    def _given_from(self, first: int, last: int) -> dict[str, Array]:
        """The inputs of the tokens from *first* to *last*, that one left out."""
        return {tensor: rows[first:last] for tensor, rows in self._given.items()}

    @cached_property
    def _loop(self) -> Execution:
        graph = self._inputs.workload.graph
        with np.errstate(all="ignore"):  # what is no number is said below
            found = execute(graph, self._parameters, self._given)
        for tensor, values in found.values.items():
            finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
            if not finite.all():
                message = f"{tensor!r} is no finite number at token {int(np.argmin(finite))}, with random parameters"
                hint = "expected a recurrence that does not grow, or fewer tokens (--seq-len)"
                raise InputError(Problem(f"{message}; {hint}", self.workload))
        return found

    def _comparisons(self) -> Iterator[Compared]:
        loop, length = self._loop, f"sequence_length={self._length}"
        output = self._inputs.workload.graph.output_tensor
        if self.module is not None:
            given = self._given[self._inputs.workload.graph.input_tensor]
            outputs = {output: (self.module.run(given), loop.values[output])}
            yield _compared(f"the loop of {self.workload}", self.module.name, self._length, outputs)
        _, order = self._recorded(self._resolved(length))
        found = execute(self._inputs.workload.graph, self._parameters, self._given, order)
        every = {tensor: (values, loop.values[tensor]) for tensor, values in found.values.items()}
        yield _compared("prefill, token by token", LOOP, self._length, every)
        for formulation, chunk in self._chunks.items():
            graph, order = self._recorded(self._resolved(length, f"formulation={formulation}", f"chunk={chunk}"))
            found = execute(graph, self._parameters, self._given, order)
            handed = _state(found.state, loop.state) | {output: (found.values[output], loop.values[output])}
            yield _compared(f"prefill, {formulation}, {chunk} tokens a chunk", LOOP, self._length, handed)
            yield self._decoded(graph, f"decode after prefill, {formulation}")
        yield self._decoded(self._inputs.workload.graph, "decode after prefill, token by token")

    def _recorded(self, inputs: Inputs) -> tuple[TimestepGraph, list[Turn]]:
        """The graph of a layer, and the order in which a simulated run does its operations."""
        recorder = OrderRecorder()
        job = mapped(inputs, self.limits)
        run(job, observer=recorder, stride="tile", limits=self.limits)
        return job.sections[0].stack.graph, list(recorder.order(layer=0))

    def _decoded(self, prefill: TimestepGraph, what: str) -> Compared:
        """The last tokens one by one, from the state that the *prefill* of all others leaves."""
        graph, order = self._decode
        output, first = graph.output_tensor, self._length - DECODED
        state = execute(prefill, self._parameters, self._given_from(0, first)).state
        outputs = []
        for token in range(first, self._length):
            found = execute(graph, self._parameters, self._given_from(token, token + 1), order, state)
            outputs.append(found.values[output])
            state = found.state
        pairs = {output: (np.concatenate(outputs), self._loop.values[output][first:])}
        return _compared(what, LOOP, DECODED, pairs | _state(state, self._loop.state))

    @cached_property
    def _decode(self) -> tuple[TimestepGraph, list[Turn]]:
        return self._recorded(self._resolved("phase=decode", "sequence_length=1"))


def _state(found: Mapping[str, Array], expected: Mapping[str, Array]) -> dict[str, tuple[Array, Array]]:
    """What both have handed on, by tensor: the last rows that both keep."""
    pairs = {}
    for tensor in found.keys() & expected.keys():
        rows = min(len(found[tensor]), len(expected[tensor]))
        pairs[f"{tensor}, handed on"] = found[tensor][-rows:], expected[tensor][-rows:]
    return dict(sorted(pairs.items()))


def _compared(what: str, against: str, tokens: int, pairs: Mapping[str, tuple[Array, Array]]) -> Compared:
    """The largest difference in all *pairs* of what was found and expected, by tensor."""
    worst = Compared(what=what, against=against, tokens=tokens, tensors=len(pairs), error=0.0, tensor="", token=0)
    for tensor, (found, expected) in pairs.items():
        if found.shape != expected.shape:
            raise ValueError(f"{tensor!r} is {found.shape}, the loop's {expected.shape}")
        off = np.abs(found - expected).reshape(len(found), -1).max(axis=1)
        error = float(np.max(off) / (np.max(np.abs(expected)) or 1.0))
        error = error if isfinite(error) else inf
        if error > worst.error:
            worst = worst.model_copy(update={"error": error, "tensor": tensor, "token": int(np.argmax(off))})
    return worst
