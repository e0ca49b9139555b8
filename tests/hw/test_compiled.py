"""The compiled core: whole, of the present sources, declared as it is written, and the same bytes as uncompiled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from hw import COMPILED
from hw.compiled import RECORD, SHARED, advice, check, find, record
from tests.support.folders import ROOT

ENDING = EXTENSION_SUFFIXES[0]
AGAIN = "install again: pip install -e ."


def copy(folder: Path) -> Path:
    """The sources in *folder*, without what was compiled."""
    left_out = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_compiled.*")
    for package in ("hw", "sim", "workloads"):
        shutil.copytree(ROOT / package, folder / package, ignore=left_out)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def call(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A run of Python whose packages are those in *folder*."""
    environment = {**os.environ, "PYTHONPATH": str(folder), **variables}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# ---------------------------------------------------------------------------------------------------- what is refused


@pytest.fixture(scope="module")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that looks compiled: the check does not read what was compiled."""
    folder = copy(tmp_path_factory.mktemp("pretended"))
    core, _ = find(str(folder))
    for module in (*core, SHARED):
        (folder / f"{module}{ENDING}").touch()
    (folder / RECORD).write_text(record(core, str(folder)))
    assert check(str(folder))
    return folder


def append(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text((folder / name).read_text() + "\n")

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def forget(module: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        lines = (folder / RECORD).read_text().splitlines(keepends=True)
        (folder / RECORD).write_text("".join(line for line in lines if module not in line))

    return change


def add(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).touch()


BURSTS, COMMAND, LAST = "hw/dram/bursts", "hw/dram/command", max(find()[0])
REFUSED = [
    pytest.param(remove(f"{COMMAND}{ENDING}"), f"{COMMAND} is not compiled, unlike {LAST}", id="incomplete"),
    pytest.param(remove(f"{SHARED}{ENDING}"), f"{SHARED} is not compiled, unlike {LAST}", id="nothing shared"),
    pytest.param(append(f"{COMMAND}.py"), f"{COMMAND}.py has changed since it was compiled", id="changed"),
    pytest.param(append(f"{BURSTS}.pxd"), f"{BURSTS}.pxd has changed since it was compiled", id="types changed"),
    pytest.param(add("hw/simd.pxd"), f"hw/simd is not compiled, unlike {LAST}", id="new in the core"),
    pytest.param(
        add(f"hw/machine{ENDING}"),
        f"hw/machine{ENDING} is left over from another installation",
        id="never in the core",
    ),
    pytest.param(
        remove(f"{BURSTS}.pxd"),
        f"{BURSTS}{ENDING} is left over from another installation",
        id="not in the core any more",
    ),
    pytest.param(forget(SHARED), f"{SHARED}{ENDING} is left over from another installation", id="shared by others"),
    pytest.param(remove(RECORD), f"{SHARED}{ENDING} is left over from another installation", id="no record"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_does_not_fit_together_is_one_line(
    pretended: Path, tmp_path: Path, change: Callable[[Path], None], message: str
) -> None:
    shutil.copytree(pretended, tmp_path, dirs_exist_ok=True)
    change(tmp_path)
    done = call(tmp_path, "-m", "sim", "run", "mamba1", "--layers", "1")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"stallscope: {message}: {AGAIN}\n")
    done = call(tmp_path, "-c", "import hw.dram.chunks")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"hw.compiled.CompiledError: {message}: {AGAIN}")


def test_what_another_python_compiled_is_not_looked_at(tmp_path: Path) -> None:
    copy(tmp_path)
    (tmp_path / "hw" / "dram" / "bursts.cpython-399-x86_64-linux-gnu.so").touch()
    assert not check(str(tmp_path))


def test_without_a_compiler_it_installs_uncompiled(tmp_path: Path) -> None:
    copy(tmp_path)
    before = [tmp_path / f"{BURSTS}{ENDING}", tmp_path / "built" / f"{BURSTS}{ENDING}"]
    for path in before:  # of an installation before this one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    done = call(tmp_path, "setup.py", "-q", "build_ext", "--inplace", "--build-lib=built", CC="false")
    assert (done.returncode, find(str(tmp_path))[1]) == (0, {})
    assert not any(path.exists() for path in before)
    assert "installing without compiling" in done.stdout + done.stderr
    assert not (tmp_path / RECORD).exists()
    assert not [*tmp_path.glob("hw/**/*.c"), *tmp_path.glob("sim/**/*.c")]
    assert call(tmp_path, "-c", "import hw; print(hw.COMPILED)").stdout == "False\n"


def test_advice_is_one_line() -> None:
    assert "pip install -e ." in advice() and "\n" not in advice()


# ------------------------------------------------------------------------------------------------------ the same bytes

RUN = """
import sys
from sim.files.limits import Limits
from sim.simulation import prepare, run
job = prepare(sys.argv[1], sys.argv[2], sys.argv[3:], Limits(search="short"))
print(run(job, critical_path=True).to_json())
"""
SENSITIVE = """
import sys
from sim.explanation.sensitivity import sensitivities
from sim.simulation import prepare
print(sensitivities(prepare(*sys.argv[1:3], sys.argv[3:]), 1, rerun=()).model_dump_json())
"""
REPLAY = """
import sys
from hw.dram import TIMINGS
from hw.dram.chunks import replay_chunks
from hw.dram.command import replay
from sim.validation.traces import build
trace = build("d_rw50_512B")[:4000]
for level in (replay, replay_chunks):
    for refresh in ("all-bank", "per-bank", "none"):
        found = level(trace, TIMINGS["lpddr5-6400"], 2, refresh, 16)
        print(found, found.read_latencies.tolist())
"""
CASES = [
    pytest.param(RUN, "mamba3_mimo-d96", "edge", "layers=2", "sequence_length=64", "mapping.token_tile=32", id="mimo"),
    pytest.param(
        RUN, "mamba1-d96", "edge_flexpe", "layers=2", "sequence_length=64", "sram.capacity=128KiB", id="contended banks"
    ),
    pytest.param(RUN, "mamba2-130m", "edge", "layers=2", "phase=decode", "head=true", id="decode"),
    pytest.param(SENSITIVE, "mamba3_mimo-d48", "edge", "layers=1", "sequence_length=32", id="sensitivities"),
    pytest.param(REPLAY, id="addresses in DRAM"),
]


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, where the core here is compiled."""
    if not COMPILED:
        assert not (shutil.which("cc") or shutil.which("gcc")), advice()
        pytest.skip("there is no C compiler")
    return copy(tmp_path_factory.mktemp("uncompiled"))


@pytest.mark.parametrize("case", [pytest.param(case.values, id=case.id) for case in CASES])
def test_results_are_the_same(uncompiled: Path, case: tuple[str, ...]) -> None:
    program, *arguments = case
    plain, compiled = (call(folder, "-c", program, *arguments) for folder in (uncompiled, ROOT))
    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout == compiled.stdout != ""


def test_only_declared_modules_are_compiled() -> None:
    core, compiled = find()
    assert set(compiled) == ({*core, SHARED} if COMPILED else set())
    for module in core:
        assert re.fullmatch(r"[a-z_/]+", module) and (ROOT / f"{module}.py").is_file()
