"""The formats of traces by their suffixes, and the packages that they need; these are imported when they are used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO

from sim.files.errors import InputError, Problem
from sim.files.extras import require
from sim.trace.slices import Header, Sink
from sim.trace.write.background import background
from sim.trace.write.printable import Printable, printable_header


@dataclass(frozen=True)
class Format:
    """A way to write a trace: ``writer`` (module:class) does it, with the help of ``package`` if that is not empty."""

    suffix: str
    writer: str
    package: str = ""

    def check(self) -> None:
        """Raise InputError if the package is not installed."""
        require(self.package, "trace", self.suffix)

    @contextmanager
    def writing(self, stream: IO[bytes], header: Header) -> Iterator[Sink]:
        """A sink that writes to *stream* and is closed if the block ends well; names in it are printable."""
        module, name = self.writer.split(":")
        with background() as beside:
            sink: Sink = Printable(getattr(import_module(module), name)(stream, printable_header(header), beside))
            yield sink
            sink.close()


FORMATS = {
    made.suffix: made
    for made in (
        Format(".json.gz", "sim.trace.write.chrome:ChromeSink"),
        Format(".pftrace", "sim.trace.write.perfetto:PerfettoSink", "perfetto"),
        Format(".parquet", "sim.trace.write.parquet:ParquetSink", "pyarrow"),
        Format(".csv.gz", "sim.trace.write.csv:CsvSink"),
        Format(".vcd", "sim.trace.write.vcd:VcdSink", "vcd"),
    )
}


def format_of(path: Path) -> Format:
    """The format that the suffix of *path* stands for; raises InputError for an unknown one."""
    for suffix, found in FORMATS.items():
        if path.name.endswith(suffix):
            return found
    raise InputError(Problem(f"has none of the known suffixes {', '.join(FORMATS)}", str(path)))
