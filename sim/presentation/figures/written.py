"""What the figures are drawn from, where it is a file that a command wrote, and may have been edited since.

Nothing is drawn of a file that says what no command says: other keys or types, numbers that are not finite or too large
to be drawn, names with control characters, and accounts that do not fit together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hw.unit_names import DMA, compute_units
from sim.accounting.result import Result
from sim.explanation.compare import Comparison
from sim.explanation.findings import Explanation
from sim.files.errors import InputError, Problem, quoted
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.figures.palette import ROLE_COLOURS
from sim.presentation.titles import KEYS, known

MOST_BYTES = 1 << 28  # of a file
LARGEST = 1e18  # of a number
LONGEST = 1000  # characters of a text; commands and words have more
MOST_PARTS = 100_000  # of a list or a mapping
DEEPEST = 16  # lists and mappings in one another
SIGNED = {"added_cycles", "above_roofline", "near_shares"}  # keys below which numbers may be negative
PROSE = {"command", "words", "assignments", "assignment"}
EXPECTED = "expected what run, explain or compare wrote with --json"
_KINDS = (("rungs", Explanation), ("rows", Comparison), ("makespan_cycles", Result))

Mistake = tuple[str, str]  # key, what is wrong with it


def read_evidence(path: Path) -> Evidence:
    """What the JSON file tells that ``run``, ``explain`` or ``compare`` wrote; raises InputError for another."""
    data = _read(path)
    schema = next((schema for key, schema in _KINDS if isinstance(data, dict) and key in data), None)
    if schema is None:
        raise InputError(Problem(f"found other JSON, {EXPECTED}; a model's config.json goes with --config", str(path)))
    _refuse(path, _implausible(data, (), False))
    try:
        found = schema.model_validate(data, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{first['msg'].lower()}, {EXPECTED} in this version"
        raise InputError(Problem(message, str(path), key=".".join(map(str, first["loc"])))) from None
    if isinstance(found, Comparison):
        _refuse(path, _torn_comparison(found))
        return Evidence(comparison=found)
    if isinstance(found, Explanation):
        _refuse(path, _torn_explanation(found))
        return Evidence(found.result, explanation=found)
    _refuse(path, _torn_result(found))
    return Evidence(found)


def _read(path: Path) -> Any:
    """The JSON in the file."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise InputError(Problem(f"is longer than {MOST_BYTES:,} bytes", str(path)))
        return json.loads(text)
    except OSError as error:
        raise InputError(Problem(error.strerror or "cannot be read", str(path))) from None
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError(Problem(f"not JSON, {EXPECTED}", str(path))) from None


def _refuse(path: Path, mistakes: Iterator[Mistake]) -> None:
    for key, message in mistakes:
        raise InputError(Problem(message, str(path), key=key))


def _implausible(value: Any, place: tuple[str, ...], signed: bool) -> Iterator[Mistake]:
    """What in a *value*, which stands at this *place*, no command writes."""
    key = ".".join(place)
    if len(place) > DEEPEST:
        yield key, f"has more than {DEEPEST} lists and mappings in one another"
    elif isinstance(value, dict | list):
        if len(value) > MOST_PARTS:
            yield key, f"has more than {MOST_PARTS:,} parts"
            return
        for part, inside in value.items() if isinstance(value, dict) else enumerate(value):
            if len(str(part)) > LONGEST or not str(part).isprintable():
                yield key, f"found the key {quoted(part)}, expected a printable one"
                return
            yield from _implausible(inside, (*place, str(part)), signed or part in SIGNED)
    elif isinstance(value, str):
        if not value.isprintable() or (len(value) > LONGEST and not PROSE & set(place)):
            yield key, f"found {quoted(value)}, expected at most {LONGEST} characters, all of them printable"
    elif isinstance(value, int | float) and not (-LARGEST if signed else 0) <= value <= LARGEST:
        yield key, f"found {quoted(value)}, expected a number {'' if signed else 'from 0 '}up to {LARGEST:g}"


def _torn_comparison(found: Comparison) -> Iterator[Mistake]:
    """What in a comparison does not fit together."""
    if not found.runs:
        yield "runs", "found none, expected at least one"
    for number, run in enumerate(found.runs):
        yield from _empty(f"runs.{number}.cycles_per_token_layer", run.cycles_per_token_layer)
    for number, row in enumerate(found.rows):
        if len(row.cycles) != len(found.runs):
            yield f"rows.{number}.cycles", f"found {len(row.cycles)} numbers, expected one for each run"


def _torn_explanation(found: Explanation) -> Iterator[Mistake]:
    """What in an explanation does not fit together."""
    if not found.rungs:
        yield "rungs", "found none, expected at least one"
    for number, (before, rung) in enumerate(zip(found.rungs, found.rungs[1:], strict=False), start=1):
        if rung.cycles - before.cycles != rung.added_cycles:
            added = rung.cycles - before.cycles
            yield f"rungs.{number}.added_cycles", f"found {rung.added_cycles}, expected {added}, what it adds"
    for key, message in _torn_result(found.result):
        yield f"result.{key}", message


def _torn_result(result: Result) -> Iterator[Mistake]:
    """What in a result does not fit together."""
    for key in ("layers", "simulated_layers", "tokens", "clock_hz", "makespan_cycles"):
        yield from _empty(key, getattr(result, key))
    if not compute_units(result.units):
        yield "units", "found no compute unit"
    if DMA not in result.units:
        yield "units", f"found no {DMA}"
    for unit, account in result.units.items():
        yield from _sum(f"units.{unit}", (account.busy_cycles, *account.stalls.values()), result.makespan_cycles)
        parts = account.useful_cycles, account.edge_cycles, account.fill_drain_cycles
        yield from _sum(f"units.{unit}", parts, account.busy_cycles)
        yield from _unknown(f"units.{unit}.stalls", account.stalls)
    yield from _unknown("above_roofline", result.above_roofline)
    above = result.makespan_cycles - result.bounds.paper_roofline_cycles
    yield from _sum("above_roofline", result.above_roofline.values(), above)
    yield from _torn_path(result)
    yield from _torn_buffers(result)
    yield from _torn_windows(result)


def _torn_path(result: Result) -> Iterator[Mistake]:
    """What in the critical path does not fit together."""
    for number, part in enumerate(result.critical_path or ()):
        yield from _unknown(f"critical_path.{number}.spent_on", (part.spent_on,))
    if result.critical_path is not None:
        yield from _sum("critical_path", (part.cycles for part in result.critical_path), result.makespan_cycles)


def _torn_buffers(result: Result) -> Iterator[Mistake]:
    """What in the list of buffers does not fit together."""
    buffers = result.mapping.buffers
    for number, buffer in enumerate(buffers):
        if buffer.role not in ROLE_COLOURS:
            roles = ", ".join(ROLE_COLOURS)
            yield f"mapping.buffers.{number}.role", f"found {quoted(buffer.role)}, expected one of {roles}"
    sizes = [buffer.slots * buffer.slot_bytes for buffer in buffers]
    yield from _empty("mapping.sram_bytes", result.mapping.sram_bytes)
    yield from _sum("mapping.buffers", sizes, result.mapping.sram_bytes)


def _torn_windows(result: Result) -> Iterator[Mistake]:
    """What in the accounts over time does not fit together; they are those of the layers that were simulated."""
    if result.windows is None:
        return
    length = result.windows.window_cycles
    yield from _empty("windows.window_cycles", length)
    found = {
        f"windows.units.{unit}.{name}": cycles
        for unit, parts in result.windows.units.items()
        for name, cycles in parts.items()
    }
    for unit, parts in result.windows.units.items():
        if unit not in result.units or not parts:
            yield f"windows.units.{unit}", "found accounts of no unit" if parts else "found no account"
        yield from _unknown(f"windows.units.{unit}", parts)
    if not found:
        yield "windows.units", "found none, expected at least one"
    most = -(-result.makespan_cycles // max(1, length))
    count = len(next(iter(found.values()), []))
    for key, cycles in found.items():
        if len(cycles) != count or not 0 < count <= most:
            yield key, f"found {len(cycles)} numbers, expected as many as there are windows"


def _sum(key: str, parts: Iterable[int], expected: int) -> Iterator[Mistake]:
    total = sum(parts)
    if total != expected:
        yield key, f"found {total} in all, expected {expected}"


def _empty(key: str, value: float) -> Iterator[Mistake]:
    if value <= 0:
        yield key, f"found {value}, expected more"


def _unknown(key: str, names: Iterable[str]) -> Iterator[Mistake]:
    for name in names:
        if not known(name):
            yield key, f"found {quoted(name)}, expected one of {', '.join(KEYS)}"
