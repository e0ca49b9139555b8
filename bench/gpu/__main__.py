"""Measure a GPU: ``python -m bench.gpu`` writes results/gpu/NAME.json, which the papers' pages read.

Install with ``pip install -e '.[gpu]'`` and then, for the fused kernels,
``MAMBA_KEEP_CUDA_BUILD=TRUE pip install --no-build-isolation mamba-ssm``. What cannot be measured is named in the file.
``--tiny`` tries the code on a few small sizes, on a machine without a GPU too.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Optional

import torch
import typer

from bench.gpu.attention import attention_rates
from bench.gpu.card import Monitor, software
from bench.gpu.clock import Clock
from bench.gpu.decode import decode_rates
from bench.gpu.rates import copy_rates, launch_rates, product_rates
from bench.gpu.state_updates import Sizes, measure, table_rows
from sim import __version__
from sim.files.outputs import write_text
from sim.paper.gpu import FOLDER, Check, GpuMeasurements, StateUpdate

RESULTS: Final = Path(__file__).parent.parent.parent / "results" / FOLDER
COPIES: Final = tuple(2**power for power in (24, 26, 28, 30, 32))
ATTENTION: Final = (24_576, 32_768, 57_344)  # tokens: before, at and beyond the step in SSM-Scope's times
SQUARE: Final = ((8192, 8192, 8192), (4096, 4096, 4096), (1024, 4096, 4096))
BATCHES: Final = tuple(2**power for power in range(10))
PROJECTIONS: Final = ((6448, 1536), (1536, 3072), (4096, 4096), (16384, 16384))  # (n, k): Mamba-2's and square ones
ROWS: Final = (1, 16, 64, 256, 1024)
COLD_BYTES: Final = 2**28  # several times any card's L2
TINY: Final = Sizes(
    layers=2, tokens=32, chunk=8, channels=32, states=8, head_dim=8, mamba3_heads=2, mamba3_ranks=2, mamba3_head_dim=8
)


class Measuring:
    """Collects measurements section by section; what fails is named, and the others go on."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.found: dict[str, list[Any]] = {}
        self.missing: dict[str, str] = {}

    def section(self, name: str, what: str, measure: Callable[[], Iterable[Any]]) -> None:
        """Add what *measure* gives to the section *name*; *what* it is, for messages."""
        print(f"{what} ...", file=sys.stderr, flush=True)
        try:
            with torch.no_grad():
                for each in measure():
                    self.found.setdefault("checks" if isinstance(each, Check) else name, []).append(each)
        except Exception as error:  # whatever a kernel of others raises
            self.missing[what] = (f"{type(error).__name__}: {error}".splitlines() or [""])[0][:300]
        gc.collect()
        if self.clock.device.type == "cuda":
            torch.cuda.empty_cache()


def main(
    output: Annotated[
        Optional[Path], typer.Option("-o", metavar="FILE", help="Instead of results/gpu/NAME.json.")
    ] = None,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="A few small sizes, to try the code; on a CPU if need be.")
    ] = False,
    versions: Annotated[
        Optional[list[str]],
        typer.Option("--version-of", metavar="NAME=VERSION", help="Of a package that pip does not know."),
    ] = None,
) -> None:
    """Measure the GPU of this machine."""
    if not (tiny or torch.cuda.is_available()):
        raise typer.BadParameter("there is no GPU that torch can use; --tiny tries the code without one")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    monitor = Monitor(device)
    measuring = Measuring(Clock(device, monitor.joules))
    largest = torch.randn(SQUARE[-1 if tiny else 0][:2], device=device).bfloat16()
    card = monitor.card(lambda: torch.mm(largest, largest.T))
    _measure(measuring, tiny)
    record = GpuMeasurements(
        command=" ".join(["python -m bench.gpu", *(["--tiny"] if tiny else [])]), stallscope=__version__,
        date=datetime.now(UTC).date().isoformat(), card=card, missing=measuring.missing,
        software=software() | dict(each.split("=", 1) for each in versions or []), **measuring.found,
    )  # fmt: skip
    name = "-".join([*card.name.lower().split(), card.fingerprint[:4], record.date])
    path = output or RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, record.model_dump_json(indent=1, exclude_defaults=True) + "\n")
    typer.echo(path)


def _measure(measuring: Measuring, tiny: bool) -> None:
    clock, section = measuring.clock, measuring.section
    sizes, batches = (TINY, (1, 2)) if tiny else (Sizes(), BATCHES)
    shapes = [*SQUARE, *((m, n, k) for n, k in PROJECTIONS for m in ROWS)]
    section("launches", "empty kernels", lambda: launch_rates(clock))
    section("copies", "copies", lambda: copy_rates(clock, COPIES[:1] if tiny else COPIES))
    if tiny:
        section("products", "products", lambda: product_rates(clock, [(1, 64, 32), (16, 64, 32)], 2**16))
        section("attention", "attention", lambda: attention_rates(clock, [64]))
    else:
        section("products", "products", lambda: product_rates(clock, shapes, COLD_BYTES))
        section("attention", "attention", lambda: attention_rates(clock, ATTENTION))
    fused: dict[str, Any] = {}
    section("", "fused kernels", lambda: fused.update(_fused(clock)) or [])
    for row in [*table_rows(sizes, fused.get("table", {})), *fused.get("official", [])]:
        section("state_updates", f"state update, {row.name}", lambda row=row: measure(clock, row))  # type: ignore[misc]
    for make in fused.get("models", []):
        section("decode", "decode", lambda make=make: decode_rates(clock, make(), batches))  # type: ignore[misc]


def _fused(clock: Clock) -> dict[str, Any]:
    """What needs mamba-ssm; raises ImportError where it is not installed."""
    from bench.gpu.kernels import official_rows, table_kernels
    from bench.gpu.models import models

    return {
        "table": table_kernels(),
        "official": official_rows(clock.device),
        "models": list(models(clock.device)),
    }


if __name__ == "__main__":
    typer.run(main)
