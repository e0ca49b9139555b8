"""Builds the Verilog of ``verilog/`` with Verilator and a C++ compiler, and runs cases through it.

What is built is kept in the user's cache folder (``XDG_CACHE_HOME``, ``~/.cache``), or in a temporary one where that
cannot be written, under a hash of the sources, the flags and the tools' versions: nothing old is ever run. The runtime
of Verilator is compiled once for all models, and each model as one file, which takes a third of the time of its make.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from sim.validation.cases import SuiteSkipped

COMPILERS = ("g++", "clang++", "c++")
VERILATOR_FLAGS = (
    "-O3", "--cc", "--unroll-count", "16", "-Wno-fatal", "-Wno-WIDTH", "-Wno-BLKSEQ", "-Wno-BLKANDNBLK",
    "-Wno-UNOPTFLAT", "-Wno-LATCH", "-Wno-UNSIGNED", "-Wno-CASEINCOMPLETE", "-Wno-CMPCONST",
)  # fmt: skip
COMPILER_FLAGS = ("-std=c++17", "-O1", "-w", "-fno-strict-aliasing")
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")


class ToolsMissing(SuiteSkipped):
    """Verilator or a C++ compiler is not there; says in a line what would help."""


class RtlError(Exception):
    """A model could not be built, or its run failed; says why."""


@dataclass(frozen=True)
class Model:
    """A Verilog module ``top`` with its C++ harness, their sources, and numbers that both are built for."""

    top: str
    sources: tuple[str, ...]
    harness: str
    parameters: tuple[tuple[str, int], ...] = ()
    defines: tuple[tuple[str, int], ...] = ()


def missing_tools() -> str | None:
    """What is missing, in a line with the Debian package that has it; None if everything is there."""
    if shutil.which("verilator") is None:
        return "needs Verilator (Debian package: verilator)"
    return None if _compiler() else "needs a C++ compiler (Debian package: g++)"


def run(model: Model, lines: Iterable[str]) -> list[str]:
    """What *model* answers to *lines* of input, in lines; built before unless it has been.

    Raises ToolsMissing, and RtlError if the model cannot be built or ends with an error.
    """
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run([str(built(model))], input=text, capture_output=True, text=True)
    if done.returncode:
        raise RtlError(f"{model.top}: {done.stderr.strip() or f'ended with {done.returncode}'}")
    return done.stdout.splitlines()


def built(model: Model) -> Path:
    """The program of *model*, from the cache or built now."""
    missing = missing_tools()
    if missing is not None:
        raise ToolsMissing(missing)
    texts = {name: _source(name) for name in (*model.sources, model.harness)}
    key = _digest([repr(model), *_tools(), *VERILATOR_FLAGS, *COMPILER_FLAGS, *texts, *texts.values()])
    program = _cache() / f"{model.top}-{key}"
    if not program.exists():
        with tempfile.TemporaryDirectory(dir=_cache()) as folder:
            made = _build(model, texts, Path(folder))
            made.replace(program)  # whole or not at all, also if two build it at once
    return program


def _build(model: Model, texts: dict[str, str], folder: Path) -> Path:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    numbers = [f"-G{name}={value}" for name, value in model.parameters]
    _call(
        ["verilator", *VERILATOR_FLAGS, "--top-module", model.top, *numbers, "--Mdir", "made", *model.sources], folder
    )
    made = sorted(path.name for path in (folder / "made").glob("*.cpp"))
    whole = folder / "made" / "whole.cc"
    whole.write_text("".join(f'#include "{name}"\n' for name in (*made, f"../{model.harness}")), encoding="utf-8")
    defines = [f"-D{name}={value}" for name, value in model.defines]
    include = _root() / "include"
    objects = [str(_runtime(name)) for name in RUNTIME]
    command = [_compiler(), *COMPILER_FLAGS, *defines, f"-I{include}", "-Imade", str(whole), *objects]
    _call([*command, "-o", "program", "-pthread"], folder)
    return folder / "program"


def _runtime(name: str) -> Path:
    """A source of Verilator's runtime, compiled."""
    path = _cache() / f"{name}-{_digest([*_tools(), *COMPILER_FLAGS])}.o"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=_cache()) as folder:
            include = _root() / "include"
            source = str(include / name)
            _call([_compiler(), *COMPILER_FLAGS, f"-I{include}", "-c", source, "-o", "runtime.o"], Path(folder))
            (Path(folder) / "runtime.o").replace(path)
    return path


def _call(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RtlError(f"{command[0]}: {next((line for line in said if 'rror' in line), 'failed')}")


def _source(name: str) -> str:
    return files("sim.validation.rtl").joinpath("verilog", name).read_text(encoding="utf-8")


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def _cache() -> Path:
    """The folder for what is built."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "stallscope" / "rtl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        made = Path(tempfile.mkdtemp(prefix="stallscope-rtl-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        return made


def _compiler() -> str:
    """The C++ compiler; nothing if there is none."""
    wanted = [os.environ["CXX"]] if os.environ.get("CXX") else []
    return next((name for name in (*wanted, *COMPILERS) if shutil.which(name)), "")


@cache
def _tools() -> tuple[str, str]:
    """The versions of Verilator and of the compiler."""
    asked = (["verilator", "--version"], [_compiler(), "--version"])
    first, second = (subprocess.run(each, capture_output=True, text=True).stdout.strip() for each in asked)
    return first, second


@cache
def _root() -> Path:
    """Where Verilator has its runtime."""
    asked = subprocess.run(["verilator", "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True)
    return Path(asked.stdout.strip())
