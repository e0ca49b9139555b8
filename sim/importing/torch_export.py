"""PyTorch modules as equations, by torch.export.

A *factory* is a function without arguments that returns ``(module, example_inputs)``. It is one of two kinds:

* a *cell* computes one token: ``forward(x_t, *state) -> (y_t, *new_state)``, with ``x_t`` ``[d]`` or ``[B, d]`` and at
  least one state (or ``x_t`` of one axis). The new states come in the order of the old ones and are the states of the
  next token; before the first they are zero.
* a *block* computes a whole sequence: ``forward(x) -> y``, with ``x`` ``[L, d]`` or ``[B, L, d]`` and L at least two.
  What each token does alone is found along the axis of the tokens. The recurrence is a
  ``torch._higher_order_ops.scan`` along it that begins with zeros; a causal depthwise convolution, a shift by zeros
  before the first token and a cumulative sum may read earlier tokens as well. A Python loop over tokens may not: it
  would be as many equations as tokens.

The batch is left out: equations are of one sequence. Values are float64.
"""

from __future__ import annotations

import io
import logging
import operator
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sim.files.errors import InputError, Problem
from sim.importing.building import evaluated, is_static
from sim.importing.imported import Imported, imported_from
from sim.importing.primitives import Final, Input, Place, Program, Stack, Static, Step, Value
from sim.importing.sequence import timestep_of
from sim.importing.source_names import position, variables
from sim.importing.torch_factory import in_float64, made
from sim.importing.torch_forward import forward_of, roles_of
from sim.importing.torch_operators import OPERATORS

if TYPE_CHECKING:
    import torch

MOST_NODES = 20_000


def imported(spec: str) -> Imported:
    """The equations of what the factory *spec*, ``module.py:function``, returns; raises InputError with the place."""
    module, examples = made(spec)
    return imported_module(module, examples, spec)


def imported_module(module: torch.nn.Module, examples: tuple[Any, ...], where: str) -> Imported:
    """The equations of *module*, which is in float64; *where* says whose it is, in mistakes."""
    roles = roles_of(examples, where)
    exported = _exported(module, examples, where)
    program = _Reader(exported, where).program()
    return imported_from(timestep_of(program, roles), forward_of(module, examples))


def _exported(module: torch.nn.Module, examples: tuple[Any, ...], where: str) -> Any:
    import torch

    quiet = io.StringIO()  # the exporter prints graphs and logs what it then raises
    disabled = logging.root.manager.disable
    with warnings.catch_warnings(), torch.no_grad(), in_float64(), redirect_stdout(quiet), redirect_stderr(quiet):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            program = torch.export.export(module, examples)
            table = torch.export.default_decompositions()
            for known in [each for each in table if _name(each) in OPERATORS]:
                del table[known]
            return program.run_decompositions(table)
        except Exception as error:  # the exporter raises many kinds
            reason = " ".join([line.strip() for line in str(error).splitlines() if line.strip()][:2])
            message = f"torch.export fails: {type(error).__name__}: {reason}"
            raise InputError(Problem(message, position(str(error)) or where)) from error
        finally:
            logging.disable(disabled)


def _name(target: Any) -> str:
    """The ATen name of an operator, without its overload."""
    schema = getattr(target, "_schema", None)
    return str(schema.name).partition("::")[2] if schema is not None else str(getattr(target, "__name__", target))


class _Reader:
    """Reads one exported program."""

    def __init__(self, exported: Any, where: str) -> None:
        self._exported, self._where = exported, where
        self._signature = exported.graph_signature
        self._statics: dict[str, Value] = {}

    def program(self) -> Program:
        """The program of primitives."""
        graph = self._exported.graph_module
        if len(graph.graph.nodes) > MOST_NODES:
            raise InputError(
                Problem(f"has {len(graph.graph.nodes)} nodes: write a loop over tokens as a scan", self._where)
            )
        found: dict[Any, Any] = {}
        user = list(self._signature.user_inputs)
        carries: list[Value] = []
        program: Program | None = None
        for node in graph.graph.nodes:
            if node.op != "placeholder" or node.name not in user:
                continue
            shape = tuple(node.meta["val"].shape)
            if program is None:
                found[node] = Value(Input(), (), shape, Place(self._where, name=node.name))
                program = Program(found[node])
            else:
                found[node] = program.carry(shape, Place(self._where, name=node.name))
                carries.append(found[node])
                program.names.append((found[node], node.name))
        assert program is not None
        for node in graph.graph.nodes:
            if node.op == "placeholder" and node not in found:
                found[node] = self._static(node.name)
        outputs = self._interpret(program, graph, found, Place(self._where))
        wanted = [value for value in outputs if isinstance(value, Value)]
        mutated = set(getattr(self._signature, "buffers_to_mutate", {}) or {})
        if mutated:
            raise InputError(Problem("changes a buffer in forward: make it a state of the cell", self._where))
        program.output = wanted[0]
        if carries and len(wanted) != 1 + len(carries):
            message = f"forward returns y and {len(wanted) - 1} new states, expected {len(carries)}"
            raise InputError(Problem(message, self._where))
        for carry, following in zip(carries, wanted[1:], strict=False):
            program.becomes(carry, following)
        return program

    def _static(self, name: str) -> Value:
        """A parameter, buffer or constant of the module."""
        if name not in self._statics:
            signature, state = self._signature, self._exported.state_dict
            parameters, buffers = signature.inputs_to_parameters, signature.inputs_to_buffers
            path = parameters.get(name) or buffers.get(name) or signature.inputs_to_lifted_tensor_constants[name]
            tensor = state[path] if path in state else self._exported.constants[path]
            array = tensor.detach().to("cpu").double().numpy()
            given = "" if path.startswith(("lifted_tensor", "_lifted_tensor")) else path
            place = Place(self._where, name=path)
            self._statics[name] = Value(Static(array, given, name in parameters), (), array.shape, place)
        return self._statics[name]

    def _interpret(self, program: Program, graph: Any, found: dict[Any, Any], outer: Place) -> list[Any]:
        """Give every node of *graph* its values, in *found*; what it returns."""
        nodes = [node for node in graph.graph.nodes if node.op == "call_function"]
        results = [node.args[1] if node.target is operator.getitem else None for node in nodes]
        stacks = [(n.meta.get("stack_trace") or "", n.name, r) for n, r in zip(nodes, results, strict=True)]
        names = dict(zip(nodes, variables(stacks, OPERATORS), strict=True))
        for node in graph.graph.nodes:
            if node.op == "call_function":
                place = _place(node, outer, names[node])
                found[node] = self._called(program, graph, node, found, place)
                if isinstance(found[node], Value) and names[node]:
                    program.names.append((found[node], names[node]))
            elif node.op == "get_attr":
                found[node] = node.target
            elif node.op == "output":
                return [_given(each, found) for each in node.args[0]]
        raise AssertionError("a graph without an output")

    def _called(self, program: Program, graph: Any, node: Any, found: dict[Any, Any], place: Place) -> Any:
        if node.target is operator.getitem:
            return found[node.args[0]][node.args[1]]
        name = _name(node.target)
        arguments = [_given(each, found) for each in node.args]
        if name == "scan":
            return self._scan(program, graph, arguments, place)
        if name in _CHECKS:
            return None
        if name not in OPERATORS:
            written = node.meta.get("torch_fn", ("", name))[1].rpartition(".")[2]  # before it was decomposed
            raise replace(place, operator=written).mistake("has no equation")
        keywords = {key: _given(each, found) for key, each in node.kwargs.items() if key not in _NOT_MODELLED}
        try:
            return OPERATORS[name](place, *arguments, **keywords)
        except TypeError as error:
            raise place.mistake(f"has no equation for these arguments ({error})") from error

    def _scan(self, program: Program, graph: Any, arguments: list[Any], place: Place) -> list[Value]:
        """The body of a scan once: what it carries, and its parts of the inputs."""
        body, initial, over, others = getattr(graph, arguments[0]), *arguments[1:]
        if not over:
            raise place.mistake("goes over nothing")
        length = over[0].shape[0]
        for value in initial:
            if not is_static(value) or evaluated(value).any():
                raise place.mistake("begins with something else than zeros")
        carries = [program.carry(value.shape, place) for value in initial]
        steps = [Value(Step(0), (value,), value.shape[1:], place) for value in over]
        inner = [node for node in body.graph.nodes if node.op == "placeholder"]
        found = dict(zip(inner, [*carries, *steps, *others], strict=True))
        returned = self._interpret(program, body, found, place)
        following, outputs = returned[: len(carries)], returned[len(carries) :]
        for carry, value in zip(carries, following, strict=True):
            program.becomes(carry, value)
        last = [Value(Final(), (value,), value.shape, place) for value in following]
        return [*last, *(Value(Stack(0, length), (value,), (length, *value.shape), place) for value in outputs)]


_CHECKS = {"_assert_tensor_metadata", "_assert_scalar", "_assert_async", "sym_constrain_range_for_size"}
_NOT_MODELLED = {"dtype", "device", "layout", "pin_memory", "memory_format", "non_blocking", "out_dtype", "copy"}


def _given(argument: Any, found: Mapping[Any, Any]) -> Any:
    """An argument with values in the place of nodes."""
    if isinstance(argument, list | tuple):
        return [_given(each, found) for each in argument]
    return found[argument] if hasattr(argument, "meta") else argument


def _place(node: Any, outer: Place, name: str) -> Place:
    stack = node.meta.get("stack_trace") or ""
    modules = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    own = modules[-1] if modules else outer.module
    return Place(position(stack) or outer.text, _name(node.target), name, own)
