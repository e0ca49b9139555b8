"""What a run executes (``run --program``, docs/program.md), and what follows from its equations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

from tests.support.legality.equations import Equation, Node, Product


@dataclass(frozen=True)
class Operation:
    """An equation under its name; ``final`` if it is done once, behind the last timestep."""

    name: str
    kind: str
    equation: Equation
    final: bool


@dataclass(frozen=True)
class Stream:
    """Requests in one order: of operations, of transfers that ``moves`` names, or dequantising (``converts``)."""

    name: str
    unit: str
    operations: tuple[str, ...]
    order: str
    moves: str
    writes: bool
    user: str
    converts: str
    weight_bits: int
    tiles: tuple[Weights, ...]

    @property
    def waits_for(self) -> str:
        """What a stall is called that one of its requests ends the wait of."""
        return f"waits_for_{self.unit}"


@dataclass(frozen=True)
class Weights:
    """A tile of weights: of which operation and block (None: of all), ``products`` of ``depth`` x ``columns``."""

    operation: str
    block: int | None
    products: int
    depth: int
    columns: int

    @property
    def elements(self) -> int:
        """Weights in it."""
        return self.products * self.depth * self.columns


@dataclass(frozen=True)
class Buffer:
    """``slots`` of ``slot_bytes`` from ``start`` on, for ``tensors``; a slot is for a block if it is ``by_block``."""

    name: str
    role: str
    start: int
    slots: int
    slot_bytes: int
    by_block: bool
    tensors: tuple[str, ...]


class Section:
    """Layers that are alike, or a part of them: one program, repeated for each of its passes."""

    def __init__(self, number: int, found: dict[str, Any], machine: dict[str, Any]) -> None:
        self.number = number
        self.machine = machine
        self.prefix: str = f"{found['name']}." if found["name"] else ""
        self.data = found
        graph = found["graph"]
        self.passes, self.steps, self.tile_steps, self.tiles = (
            int(found[key]) for key in ("passes", "steps", "tile_steps", "tiles")
        )
        self.times, self.batch, self.blocks, self.lanes = (
            int(found[key]) for key in ("times", "batch", "blocks", "lanes")
        )
        self.first_layer: int = found["first_layer"]
        self.sizes: dict[str, int] = graph["sizes"]
        self.worked: dict[str, int] = {**self.sizes, **graph["chosen"]}
        self.token: str | None = graph["token_index"]
        self.tokens: int = graph["tokens"]
        self.axes: dict[str, list[str]] = graph["tensors"]
        self.parameters: dict[str, list[str]] = graph["parameters"]
        self.constants: list[str] = graph["constants"]
        self.inputs, self.outputs, self.held = (tuple(graph[key]) for key in ("inputs", "outputs", "held"))
        self.operations = {
            each["name"]: Operation(each["name"], each["kind"], Equation(each["equation"], self.sizes), each["final"])
            for each in graph["operations"]
        }
        self.streams = [_stream(each) for each in found["streams"]]
        self.buffers = [
            Buffer(
                each["name"], each["role"], each["start"], each["slots"], each["slot_bytes"], each["by_block"],
                tuple(each["tensors"]),
            )
            for each in found["buffers"]
        ]  # fmt: skip
        self.cut: frozenset[str] = frozenset(found["cut"])
        self.index: str | None = found["cut_along"]
        self.widths: dict[str, Any] = found["widths"]
        self.items: dict[tuple[str, str | None, int | None], list[int]] = {}  # see requests.py

    @property
    def words(self) -> str:
        """What findings call it."""
        return f"section {self.number} ({self.data['graph']['name']})"

    def tile_of(self, step: int) -> int:
        """The tile of a timestep."""
        return step // self.tile_steps

    def steps_of(self, tile: int) -> int:
        """Timesteps of a tile; the last may have fewer."""
        return min(self.tile_steps, self.steps - tile * self.tile_steps)

    @cached_property
    def maker(self) -> dict[str, str]:
        """Tensor -> the operation that makes it."""
        return {each.equation.tensor: name for name, each in self.operations.items()}

    def load_of(self, tensor: str) -> str:
        """The stream that brings a tensor that no operation makes."""
        return "load.input" if tensor == self.inputs[0] else f"load.input.{tensor}"

    def store_of(self, tensor: str) -> str:
        """The stream that takes an output away."""
        return "store.output" if tensor == self.outputs[0] else f"store.output.{tensor}"

    # What reads what.

    def reads(self, name: str) -> Iterator[tuple[Node, range]]:
        """The tensors that an operation reads, each with how many timesteps back: docs/your-recurrence.md."""
        for node in self.operations[name].equation.references:
            if node.lag is not None:
                yield node, self.distances(node)

    def distances(self, node: Node) -> range:
        """How many timesteps back a reference reads."""
        axes = self.axes[node.tensor]
        if self.token is None or self.token not in axes:
            return range(node.lag, node.lag + 1) if isinstance(node.lag, int) else range(self.sizes[str(node.lag)])
        length = self.sizes[self.token]
        first, last = node.axes[axes.index(self.token)].ends(self.sizes)
        first, last = max(first, 0), min(last, length - 1)
        if isinstance(node.lag, int):
            first, last = first - node.lag, last - node.lag
        else:
            first -= self.sizes[str(node.lag)] - 1
        return range(-(last // length), -(first // length) + 1)

    def rows_back(self, tensor: str) -> int:
        """How many rows of *tensor* (tokens or timesteps) a timestep needs of those before it."""
        most, axes = 0, self.axes[tensor]
        for name in self.operations:
            for node, _ in self.reads(name):
                if node.tensor == tensor:
                    first = 0
                    if self.token in axes:
                        first = max(0, node.axes[axes.index(str(self.token))].ends(self.sizes)[0])
                    back = node.lag if isinstance(node.lag, int) else self.sizes[str(node.lag)] - 1
                    most = max(most, back - first)
        return most

    @cached_property
    def readers(self) -> dict[str, list[tuple[str, range]]]:
        """Tensor -> the operations that read it, each with how many timesteps back."""
        found: dict[str, list[tuple[str, range]]] = {tensor: [] for tensor in self.axes}
        for name in self.operations:
            for node, back in self.reads(name):
                found[node.tensor].append((name, back))
        return found

    @cached_property
    def carried(self) -> list[str]:
        """The tensors that a later timestep reads."""
        return [tensor for tensor, found in self.readers.items() if any(back.stop > 1 for _, back in found)]

    @cached_property
    def _behind(self) -> dict[str, set[str]]:
        """Operation -> all that it depends on, be it of an earlier timestep."""
        before = {
            name: {self.maker[node.tensor] for node, _ in self.reads(name) if node.tensor in self.maker}
            for name in self.operations
        }
        return {name: _reached(before, name) for name in before}

    @cached_property
    def recurrent(self) -> frozenset[str]:
        """The operations that depend on their own results of earlier timesteps."""
        return frozenset(name for name, found in self._behind.items() if name in found)

    def same_circle(self, one: str, other: str) -> bool:
        """Whether two operations depend on each other, be it through earlier timesteps."""
        return other in self._behind[one] and one in self._behind[other]

    # Sizes.

    def elements(self, tensor: str) -> int:
        """Elements of a tensor for a timestep of a sequence; of a parameter all."""
        if tensor in self.parameters:
            return prod(self.sizes[index] for index in self.parameters[tensor])
        return prod(self.worked[index] for index in self.axes[tensor])

    def row_elements(self, tensor: str) -> int:
        """Elements of a row: of a token if the tensor has the token axis."""
        return self.elements(tensor) // (self.sizes[self.token] if self.token in self.axes[tensor] else 1)  # type: ignore[index]

    def size(self, indices: Any, parts: int = 1, whole: bool = False) -> int:
        """Points of an index space, or of one of so many *parts* of it along the index of the cut."""
        sizes = self.sizes if whole else self.worked
        return prod(sizes[i] // parts if i == self.index else sizes[i] for i in indices)

    def width(self, tensor: str) -> int:
        """Bytes of an element: what a recurrence makes has a width of its own (docs/precision.md)."""
        return int(self.widths["state" if self.maker.get(tensor) in self.recurrent else "activations"]) // 8

    def bytes(self, tensor: str) -> int:
        """Bytes of a timestep of all sequences."""
        return self.elements(tensor) * self.width(tensor) * self.batch

    def past_bytes(self, tensor: str) -> int:
        """Bytes of what later timesteps need of all before them."""
        return self.row_elements(tensor) * self.rows_back(tensor) * self.width(tensor) * self.batch

    # What an operation is.

    @cached_property
    def products(self) -> dict[str, Product | None]:
        """Operation -> the matrix product that it is."""
        return {name: each.equation.product(self.parameters) for name, each in self.operations.items()}

    def is_projection(self, name: str) -> bool:
        """Whether it multiplies by a parameter."""
        references = self.operations[name].equation.references
        return self.products[name] is not None and any(node.tensor in self.parameters for node in references)

    @cached_property
    def matrices(self) -> frozenset[str]:
        """The parameters that projections multiply by."""
        return frozenset(
            node.tensor
            for name, each in self.operations.items()
            if self.is_projection(name)
            for node in each.equation.references
            if node.lag is None
        )

    def share(self, name: str) -> Fraction:
        """Of all rows those that choose the weights of an operation (docs/layers.md, "Experts")."""
        equation = self.operations[name].equation
        among = [index for index in (*equation.indices, *equation.reduced) if index in self.data["graph"]["chosen"]]
        return Fraction(prod(self.worked[i] for i in among), prod(self.sizes[i] for i in among))

    def parameter_bytes(self, tensor: str) -> int:
        """Bytes of a parameter."""
        if tensor in self.matrices:
            return self.weight_bytes(self.elements(tensor), 1)
        return self.elements(tensor) * int(self.widths["activations"]) // 8

    def weight_bytes(self, depth: int, columns: int, bits: int | None = None) -> int:
        """Bytes of weights, packed, with the scales of their groups (docs/precision.md); wide ones have none."""
        group = self.widths["group"] if bits is None else None
        scales = 0 if group is None else -(-depth // group) * int(self.widths["scale"])
        return -(-columns * (depth * (bits or int(self.widths["weights"])) + scales) // 8)


class Program:
    """The sections of a run in their order, and the machine."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.machine: dict[str, Any] = found["machine"]
        self.sections = [Section(n, each, self.machine) for n, each in enumerate(found["sections"])]

    @property
    def compute(self) -> dict[str, dict[str, Any]]:
        """The compute units by name."""
        units: dict[str, dict[str, Any]] = self.machine["compute"]
        return units


def _stream(found: dict[str, Any]) -> Stream:
    tiles = tuple(
        Weights(each["operation"], each["block"], each["products"], each["depth"], each["columns"])
        for each in found.get("weight_tiles", ())
        for _ in range(each["tiles"])
    )
    return Stream(
        found["name"], found["unit"], tuple(found["operations"]), found["order"], found.get("moves", ""),
        found.get("writes", False), found.get("for", ""), found.get("converts", ""), found.get("weight_bits", 0), tiles,
    )  # fmt: skip


def _reached(before: dict[str, set[str]], start: str) -> set[str]:
    """What *start* depends on, be it through others."""
    found: set[str] = set()
    open_ = list(before[start])
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += before[name]
    return found
