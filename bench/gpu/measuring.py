"""What is measured of a GPU, part by part, and the file that it becomes."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, Optional

import torch
import typer

from bench.gpu.attention import attention_rates
from bench.gpu.card import Monitor, software
from bench.gpu.clock import Clock
from bench.gpu.decode import Model, decode_rates
from bench.gpu.rates import copy_rates, launch_rates, product_rates
from bench.gpu.state_updates import Row, Sizes, measure, table_rows
from sim import __version__
from sim.files.outputs import write_text
from sim.paper.gpu.measurements import FOLDER, Check, GpuMeasurements

RESULTS: Final = Path(__file__).parent.parent.parent / "results" / FOLDER
COPIES: Final = tuple(2**power for power in (24, 26, 28, 30, 32))
ATTENTION: Final = (24_576, 32_768, 57_344)  # tokens: before, at and beyond the step in SSM-Scope's times
SQUARE: Final = ((8192, 8192, 8192), (4096, 4096, 4096), (1024, 4096, 4096))
BATCHES: Final = tuple(2**power for power in range(10))
PROJECTIONS: Final = ((6448, 1536), (1536, 3072), (4096, 4096), (16384, 16384))  # (n, k): Mamba-2's and square ones
ROWS: Final = (1, 16, 64, 256, 1024)
SHAPES: Final = (*SQUARE, *((m, n, k) for n, k in PROJECTIONS for m in ROWS))
COLD_BYTES: Final = 2**28  # several times any card's L2
NOT_REACHED: Final = "not reached"
TINY: Final = Sizes(
    layers=2, tokens=32, chunk=8, channels=32, states=8, head_dim=8, mamba3_heads=2, mamba3_ranks=2, mamba3_head_dim=8
)


class Section(NamedTuple):
    """Something to measure: what it is, where it stands in the file, and what gives it."""

    what: str
    field: str
    measure: Callable[[], Iterable[Any]]


def main(
    output: Annotated[
        Optional[Path], typer.Option("-o", metavar="FILE", help="Instead of results/gpu/NAME.json.")
    ] = None,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="A few small sizes, to try the code; on a CPU if need be.")
    ] = False,
    only: Annotated[str, typer.Option(metavar="TEXT", help="What has this in its name, as it is printed.")] = "",
    versions: Annotated[
        Optional[list[str]],
        typer.Option("--version-of", metavar="NAME=VERSION", help="Of a package that pip does not know."),
    ] = None,
) -> None:
    """Measure the GPU of this machine. What was measured is written after every part."""
    if not (tiny or torch.cuda.is_available()):
        raise typer.BadParameter("there is no GPU that torch can use; --tiny tries the code without one")
    unclear = [each for each in versions or [] if "=" not in each]
    if unclear:
        raise typer.BadParameter(f"--version-of: found {unclear[0]!r}, expected NAME=VERSION")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    monitor = Monitor(device)
    largest = torch.randn(SQUARE[-1 if tiny else 0][:2], device=device).bfloat16()
    record = GpuMeasurements(
        command=shlex.join(["python", "-m", "bench.gpu", *["--tiny"][:tiny], *(["--only", only] if only else [])]),
        stallscope=__version__, date=datetime.now(UTC).date().isoformat(),
        card=monitor.card(lambda: torch.mm(largest, largest.T)),
        software=software() | dict(each.split("=", 1) for each in versions or []),
    )  # fmt: skip
    parts, absent = _parts(Clock(device, monitor.joules), tiny)
    wanted = [part for part in parts if only in part.what]
    if not wanted:
        known = ", ".join(part.what for part in parts)
        raise typer.BadParameter(f"--only: nothing has {only!r} in its name; there are {known}")
    path = output or unused(RESULTS, _name(record))
    path.parent.mkdir(parents=True, exist_ok=True)
    record = record.model_copy(update={"missing": absent | {part.what: NOT_REACHED for part in wanted}})
    for part in wanted:
        print(f"{part.what} ...", file=sys.stderr, flush=True)
        record = _with(record, part)
        write_text(path, record.model_dump_json(indent=1, exclude_defaults=True) + "\n")
    typer.echo(path)


def unused(folder: Path, name: str) -> Path:
    """A file of that *name* in *folder*, with a number where there is one: another run of a day is another file."""
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(path for each in names if not (path := folder / f"{each}.json").exists())


def _name(record: GpuMeasurements) -> str:
    return "-".join([*record.card.name.lower().split(), record.card.fingerprint[:4], record.date])


def _parts(clock: Clock, tiny: bool) -> tuple[list[Section], dict[str, str]]:
    """What there is to measure, and what cannot be, with the reason."""
    sizes, shapes = (TINY, ((1, 64, 32), (16, 64, 32))) if tiny else (Sizes(), SHAPES)
    parts = [
        Section("empty kernels", "launches", lambda: launch_rates(clock)),
        Section("copies", "copies", lambda: copy_rates(clock, COPIES[:1] if tiny else COPIES)),
        Section("products", "products", lambda: product_rates(clock, shapes, 2**16 if tiny else COLD_BYTES)),
        Section("attention", "attention", lambda: attention_rates(clock, (64,) if tiny else ATTENTION)),
    ]
    try:
        from bench.gpu.kernels import official_rows, table_kernels
        from bench.gpu.models import models
    except ImportError as error:
        absent = {"mamba-ssm": str(error)}
        return [*parts, *(_row(clock, row.name, partial(_itself, row)) for row in table_rows(sizes, {}))], absent
    batches = BATCHES[:2] if tiny else BATCHES
    parts += [_row(clock, row.name, partial(_itself, row)) for row in table_rows(sizes, table_kernels())]
    parts += [_row(clock, name, make) for name, make in official_rows(clock.device).items()]
    parts += [_steps(clock, name, build, batches) for name, build in models(clock.device).items()]
    return parts, {}


def _itself(row: Row) -> Row:
    return row


def _steps(clock: Clock, name: str, build: Callable[[], Model], batches: Sequence[int]) -> Section:
    return Section(f"decode, {name}", "decode", lambda: decode_rates(clock, build(), batches))


def _row(clock: Clock, name: str, make: Callable[[], Row]) -> Section:
    return Section(f"state update, {name}", "state_updates", lambda: measure(clock, make()))


def _with(record: GpuMeasurements, part: Section) -> GpuMeasurements:
    """*record* with what *part* gives; where it fails, with why, and what it gave before."""
    found: dict[str, list[Any]] = {}
    missing = {what: why for what, why in record.missing.items() if what != part.what}
    try:
        with torch.no_grad():
            for each in part.measure():
                found.setdefault("checks" if isinstance(each, Check) else part.field, []).append(each)
    except Exception as error:  # whatever a kernel of others raises
        missing[part.what] = (f"{type(error).__name__}: {error}".splitlines() or [""])[0][:300]
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    more = {field: [*getattr(record, field), *each] for field, each in found.items()}
    return record.model_copy(update={"missing": missing, **more})
