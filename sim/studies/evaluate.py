"""One point of a study: its inputs read, mapped and simulated, and what came of it, be it an error."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter

from sim.accounting.result import Result
from sim.files.documents import Document
from sim.files.errors import InputError, in_one_line
from sim.files.limits import LIMITS
from sim.files.resolve import changed, checked, named_mapping, read
from sim.simulation import Job, mapped, run
from sim.studies.figures import Figure, figures
from sim.studies.points import Point


@dataclass(frozen=True)
class Outcome:
    """What a point came to: its ``figures`` and the whole ``result`` as packed JSON, or the ``error`` in one line.

    The ``mapping`` is JSON that leaves nothing to choose, empty where parts have one each. ``seconds`` is what it took
    to compute. What ``died`` may do better another time.
    """

    figures: dict[str, Figure]
    packed: bytes = b""
    error: str = ""
    mapping: str = ""
    seconds: float = 0.0
    died: bool = False

    @property
    def result(self) -> Result:
        """The result of a point without error."""
        return Result.model_validate_json(zlib.decompress(self.packed))


def inputs_of(point: Point) -> tuple[Document, Document]:
    """The documents of *point*; files are read once. Raises InputError."""
    base = _read("workload", point.workload), _read("machine", point.machine)
    return changed(base, [*(_mapping(point.mapping) if point.mapping else ()), *point.assignments])


@cache
def _read(kind: str, name: str) -> Document:
    return read(kind, name)


@cache
def _mapping(name: str) -> tuple[str, ...]:
    return tuple(named_mapping(name))


def evaluate(point: Point) -> Outcome:
    """Run *point*; whatever goes wrong is its error, in words that name no study: others may find it in a store."""
    start = perf_counter()
    point = replace(point, assignments=tuple(map(str, point.assignments)))
    try:
        limits = LIMITS._replace(search=point.search)
        job = mapped(checked(inputs_of(point)), limits)
        result = run(job, stride="tile", simulate_layers=point.simulate_layers, certificate=True, limits=limits)
    except InputError as error:
        return Outcome({}, error=in_one_line(str(error.problems[0])), seconds=perf_counter() - start)
    except Exception as error:  # a fault of ours must not end the other points
        told = in_one_line(f"{type(error).__name__}: {error}")
        return Outcome({}, error=told, seconds=perf_counter() - start, died=True)
    packed = zlib.compress(result.model_dump_json().encode(), 6)
    return Outcome(figures(result), packed, mapping=_wishes(job), seconds=perf_counter() - start)


def _wishes(job: Job) -> str:
    body = [section for section in job.sections if not section.stack.head]
    return body[0].as_wishes.model_dump_json(exclude_defaults=True) if len(body) == 1 else ""


def evaluate_all(points: Sequence[Point]) -> list[Outcome]:
    """Run *points* one after the other."""
    return [evaluate(point) for point in points]
