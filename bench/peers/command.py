"""Stream and SCALE-Sim on the same work, live: ``python -m bench.peers`` writes results/peers.md (docs/peers.md).

Makes the peers' environments where there are none (some minutes, from the package index). One process at a time, a
quarter of an hour in all. Cycles do not depend on the computer, but for the luck of Stream's solver; seconds do.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.children import ROOT
from bench.peers.environment import PEERS, NoPeer, installed, usual_folder
from sim.files.outputs import write_text

TARGET = ROOT / "results" / "peers.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Install, measure, write; exits with 2 and one line where a peer cannot be installed."""
    parser = ArgumentParser(prog="python -m bench.peers", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--venv", type=Path, default=usual_folder(), help="folder of the environments (%(default)s)")
    parser.add_argument(
        "--python", help="a Python 3.12 or newer that makes them; found on the path, by uv or by pyenv unless given"
    )
    parser.add_argument("--repeats", type=int, default=3, choices=range(1, 21), metavar="N", help="of what varies (3)")
    parser.add_argument("--small", action="store_true", help="one small size of each: to try it")
    parser.add_argument("--only", choices=list(PEERS), help="one of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured as well")
    parser.add_argument(
        "--measured", type=Path, metavar="FILE", help="write the page of what --json has kept, and measure nothing"
    )
    parser.add_argument("-o", "--output", type=Path, default=TARGET, metavar="FILE", help="the page (results/peers.md)")
    asked = parser.parse_args(arguments)
    from bench.peers.page import page

    found = _measured(asked) if asked.measured is None else json.loads(asked.measured.read_text(encoding="utf-8"))
    write_text(asked.output, page(found))


def _measured(asked: Namespace) -> Any:
    """What is measured now, as JSON has it."""
    try:
        wanted = [asked.only] if asked.only else list(PEERS)
        peers = {name: installed(name, asked.venv, asked.python) for name in wanted}
    except NoPeer as error:
        print(f"bench.peers: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    from bench.peers.measuring import measure

    text = json.dumps(measure(peers, asked.repeats, asked.small), indent=1) + "\n"
    if asked.json is not None:
        write_text(asked.json, text)
    return json.loads(text)
