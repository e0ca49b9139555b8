"""What users can give: files, settings and options, sound, odd and hostile; each case runs or is refused in a line.

The cases are the same every time. ``STALLSCOPE_FUZZ_CASES=20000 pytest tests/whole/test_fuzzed_inputs.py`` has so many
of them in all, instead of the few that are enough to notice that something has gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import pytest

from hw.machine import MachineSpec
from sim.files.catalog import find, shipped
from sim.files.errors import InputError
from sim.files.keys import settable
from sim.files.limits import Limits
from sim.files.resolve import named_mapping, resolve_workload
from sim.simulation import prepare, run
from tests.support.bounded import failures
from tests.support.command_line import call
from tests.support.keys import bounds_by_path
from tests.support.mutations import damaged

CASES = int(os.environ.get("STALLSCOPE_FUZZ_CASES", "0"))
LIMITS = Limits(seconds=1.0, memory_bytes=500 << 20)
TINY = ["layers=1", "sequence_length=8", "dimensions.d_model=32", "dimensions.d_state=8", "dimensions.head_dim=8"]
CHOSEN = ["mapping.placement=simd", "mapping.token_tile=8", "mapping.blocks=1", "mapping.lanes=1"]
CHOSEN += ["mapping.weight_slot_kib=32", "mapping.spill=false"]  # nothing is left to search for
MODELS = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3-siso-187m")
HOSTILE = (
    "", "null", "-1", "0", "1.5", "1e400", "1e999999999MHz", "9" * 5000, "10000000000000000000", ".nan", ".inf", "true",
    "2001-99-99", "!!int x", "!!bool x", "[]", "{}", "[[" * 2000, "[&a [*a]]", "&a {b: *a}", '"\\ud800"', '"\\u202e"',
    "'a\tb'", "x" * 5000, "[" + "1, " * 5000 + "1]", "{a: {b: {c: 1}}}", "1kHz", "3.7GHz", "64KiB", "1B", "0B", "1/0",
    "$x_1$", "<b>|", "\\", "*", "&", "!", "%", "@", "`", "?", ": :", "- -", "#", "\x1b[2J", "\u2028", "[edges, edges]",
)  # fmt: skip
PATHS = ("", ".", "a.b", "simd", "simd.", "sim.lanes", "simd.lanes.x", "[", "[key]", "name", "x" * 500, "a." * 40 + "a")


@dataclass(frozen=True)
class Kind:
    """A kind of input: what a case of a number is, which raises for what must not be; and how many are always tried."""

    work: Callable[[Path, Random], None]
    cases: int


def refused_in_a_line(work: Callable[[], None]) -> None:
    """Do *work*, which may raise InputError whose every problem is one printable line."""
    try:
        work()
    except InputError as error:
        assert error.problems
        for problem in error.problems:
            assert str(problem).isprintable() and 8 < len(str(problem)) < 2000, str(problem)


def simulated(workload: str, machine: str, assignments: list[str]) -> None:
    """Run it, if that takes no second; every cycle of every unit has its place, and no bound is above the run."""
    job = prepare(workload, machine, assignments, LIMITS)
    result = run(job, stride="tile", limits=LIMITS)
    makespan = result.makespan_cycles
    assert {sum([each.busy_cycles, *each.stalls.values()]) for each in result.units.values()} == {makespan}
    assert max(result.bounds.resource_cycles, result.bounds.recurrence_cycles) <= makespan
    json.loads(result.to_json())


def value(path: str, random: Random) -> str:
    """Something for a key: hostile, or in its range, mostly near one of the ends or a power of two."""
    known = bounds_by_path().get(path)
    if known is None or random.random() < 0.4:
        return random.choice(HOSTILE)
    least, most = known
    if isinstance(least, str):  # a quantity
        return random.choice((least, most, f"{random.randrange(1, 2000)}{least.lstrip('0123456789.')}"))
    return str(random.choice((least, most, min(most, max(least, 1 << random.randrange(1, 18))), least + 1)))


def setting(random: Random) -> str:
    """One ``path=value``."""
    path = random.choice(settable()) if random.random() < 0.9 else random.choice(PATHS)
    return f"{path}={value(path, random)}"


def settings(folder: Path, random: Random) -> None:
    """One to three settings of a small model."""
    wanted = [*TINY, *(CHOSEN if random.random() < 0.7 else ())]
    wanted += [setting(random) for _ in range(random.choice((1, 1, 2, 3)))]
    machine = random.choice(("edge", "edge", "edge_flexpe", "h100"))
    refused_in_a_line(lambda: simulated(random.choice(MODELS), machine, wanted))


def edited(text: str, random: Random) -> bytes:
    """A YAML file of which a value is another one, or that is damaged as bytes."""
    if random.random() < 0.4:
        return damaged(text.encode(), random)
    lines = text.splitlines()
    number = random.choice([n for n, line in enumerate(lines) if ":" in line and not line.startswith("#")])
    key, _, _ = lines[number].partition(":")
    lines[number] = f"{key}: {random.choice(HOSTILE)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def machine_file(folder: Path, random: Random) -> None:
    """A machine's file."""
    path = folder / "f.yaml"
    path.write_bytes(edited(find("machine", random.choice(("edge", "h100", "edge_flexpe"))).read_text(), random))
    refused_in_a_line(lambda: simulated("mamba2", str(path), [*TINY, *CHOSEN]))


def workload_file(folder: Path, random: Random) -> None:
    """A workload's file."""
    path = folder / "f.yaml"
    path.write_bytes(edited(find("workload", random.choice(MODELS)).read_text(), random))
    small = [part for part in [*TINY, *CHOSEN] if random.random() < 0.9]
    refused_in_a_line(lambda: simulated(str(path), "edge", small))


def mapping_file(folder: Path, random: Random) -> None:
    """A named mapping's file."""
    path = folder / "f.yaml"
    path.write_bytes(edited(find("mapping", "stream-like").read_text(), random))
    refused_in_a_line(lambda: simulated("mamba2", "edge_flexpe", [*TINY, *named_mapping(str(path))]))


PIECES = (
    "t", "t-1", "t-k", "q", "s", "h", "d", "[", "]", "(", ")", "sum(", "mean(", "cumsum(", "where(", "size(", "last(",
    "exp(", "max(", "-", "*", "/", "**", "+", "//2", "2*", "0", "0x", "1e999", "9" * 30, ".nan", "null", "'", '"', ",",
)  # fmt: skip


def equations_file(folder: Path, random: Random) -> None:
    """A file of equations with some pieces of another, or damaged as bytes; the graphs of a token and of a chunk."""
    text = random.choice(list(shipped("equations").values())).read_text()
    for _ in range(random.choice((1, 1, 2, 3))):
        begin = random.randrange(len(text))
        text = text[:begin] + random.choice(PIECES) + text[begin + random.choice((0, 1, 2, 5, 20)) :]
    (folder / "cell.yaml").write_bytes(edited(text, random) if random.random() < 0.3 else text.encode())
    (folder / "f.yaml").write_text("name: f\nmodel: cell.yaml\nlayers: 1\nsequence_length: 40\n")

    def built(assignments: list[str]) -> None:
        resolve_workload(str(folder / "f.yaml"), assignments)

    refused_in_a_line(partial(built, []))
    refused_in_a_line(partial(built, ["formulation=chunked", f"chunk={random.choice((1, 3, 16))}"]))


OPTIONS = (
    "--layers", "--seq-len", "--batch", "--phase", "--simulate-layers", "--windows", "--hw", "--mapping", "--set",
    "--config", "--json", "--trace", "--window", "--report", "--stride", "--time-limit", "--nothing",
)  # fmt: skip
ODD = (*HOSTILE, "edge", "1", "64", "decode", "x.json", "layer:0", "mamba2", "-", "/dev/null", ".", "/nowhere/x")


def command_line(folder: Path, random: Random) -> None:
    """A command with options that may mean nothing; what it prints as JSON is JSON."""
    os.chdir(folder)
    command = random.choice(("run", "run", "count", "graph", "list", "schema", "gemm", "compare", "nothing"))
    words = [random.choice(("mamba2-d96", "mamba2-d96", command, "", "x" * 300, "a\0b", "\udcff", "f.json", "."))]
    words += ["--layers=1", "--seq-len=4"] if command in ("run", "compare") else []
    words += ["--time-limit=1s"] if command in ("run", "compare") else []
    for _ in range(random.randrange(3)):
        option = random.choice(OPTIONS)
        words.append(f"{option}={random.choice(ODD)}")
    code, output, error = call(command, *(word for word in words if "\0" not in word or "=" in word))
    assert code in (0, 2), (code, error)
    assert (code == 0) == (error == ""), error
    for line in error.splitlines():
        assert line.startswith("stallscope: ") and line.isprintable(), line
    if code == 0 and "--json=-" in words:
        json.loads(output)


KINDS = {
    "settings": Kind(settings, 200),
    "machine": Kind(machine_file, 150),
    "workload": Kind(workload_file, 150),
    "mapping": Kind(mapping_file, 75),
    "equations": Kind(equations_file, 60),
    "command": Kind(command_line, 180),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_input_runs_or_is_refused(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    share = kind.cases / sum(each.cases for each in KINDS.values())
    prepare("mamba2", "edge", TINY)  # what is imported is not a case's
    MachineSpec.model_json_schema()

    def work(number: int) -> None:
        kind.work(tmp_path, Random(f"{name} {number}"))

    assert failures(work, range(max(kind.cases, round(CASES * share)))) == []
