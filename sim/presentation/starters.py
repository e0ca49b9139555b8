"""Files to start from: every key with its meaning, its range and a value, as YAML.

The values are those of a shipped file, with the sources that stand beside them there; the rest has its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from json import dumps
from textwrap import wrap
from typing import Any

from sim.files.catalog import shipped
from sim.files.documents import Document, read_document, spelt_out
from sim.files.keys import SPECS
from sim.presentation.keys import Key, as_yaml, described
from workloads.models.registry import GENERATORS
from workloads.workload_spec import MappingSpec

MODELS = {"machine": "edge", "workload": "mamba2"}
"""Kind of input -> the shipped file that values are taken from."""
WIDTH = 100


EQUATIONS = """\
# A recurrence to start from: an input gate and a decay of its own for every channel. How equations are written, with
# worked examples: docs/your-recurrence.md; what each key means: docs/keys.md.
name: {name}
description: to be changed
model: equations
equations:
  sizes: {{d: 1024, i: 2 * d}}   # length of the axis of each index: a number, or a formula of others
  input: u[t,d]
  # Name, kind (a word by which reports group) and equation of each operation of one token t. A tensor without t is a
  # parameter; t-1 is the token before.
  operations:
    - [norm.square, norm, "ms[t] = mean(d, u[t,d] * u[t,d])"]
    - [norm.scale, norm, "rs[t] = rsqrt(ms[t] + 1e-5)"]
    - [norm.apply, norm, "v[t,d] = u[t,d] * rs[t] * W_norm[d]"]
    - [in_proj.x, projection, "x[t,i] = sum(d, W_x[d,i] * v[t,d])"]
    - [in_proj.a, projection, "a_raw[t,i] = sum(d, W_a[d,i] * v[t,d])"]
    - [decay, discretisation, "a[t,i] = sigmoid(a_raw[t,i] + b_a[i])"]
    - [update, state, "h[t,i] = a[t,i] * h[t-1,i] + (1 - a[t,i]) * x[t,i]"]
    - [out_proj, projection, "o[t,d] = sum(i, W_out[i,d] * h[t,i])"]
    - [residual, residual, "out[t,d] = u[t,d] + o[t,d]"]
  output: out
layers: 24
phase: prefill
sequence_length: 1024
"""


SWEEP = """\
# A sweep to start from: python -m sim sweep FILE.yaml -o FOLDER makes a table of it (docs/studies.md). What each key
# means: docs/keys.md.
name: {name}
description: to be changed
workload: [mamba2_ssd, mamba3_mimo_ssd]   # one, or a list: names of shipped ones, or files
machine: edge                             # likewise
set:                                      # what is the same everywhere, as --set takes it
  sequence_length: 1024
axes:                                     # every combination is run, the last axis the fastest
  simd.lanes: [32, 64]                    # a list
  sram.capacity: {{first: 1MiB, last: 4MiB, factor: 2}}   # or a range, by factor or by step
  shape:                                  # or, under any name, keys that change together
    mac_array.rows: [32, 16]
    mac_array.columns: [32, 64]
constraints:                              # what does not meet one is left out
  - simd.lanes <= 2 * mac_array.columns
columns: []                               # figures of the table; the usual ones if there are none
search: short                             # for mappings: short, quick or full
neighbours: true                          # points try the mappings of their neighbours as well
simulate_layers: 2                        # the time of the others is scaled from them
"""


GOAL = """\
# A goal to start from: python -m sim search FILE.yaml -o FOLDER finds the best point (docs/goals.md). What each key
# means: docs/keys.md.
name: {name}
description: to be changed
runs:                                     # what is run at every point, by names of your own
  prompt: {{workload: mamba2_ssd, machine: edge}}
set:                                      # what is the same in all runs, as --set takes it
  sequence_length: 256
  energy: components                      # for area, and energy by component
axes:                                     # the free keys, as in a sweep
  simd.lanes: [16, 32, 64]
  mac_array.rows: [16, 32]
  sram.capacity: [1MiB, 2MiB]
minimise: area_mm2                        # one figure, or several for a front; maximise likewise
constraints:                              # keys and figures; RUN.FIGURE where there are several runs
  - tokens_per_second >= 200
more_is_not_slower: [simd.lanes, mac_array.rows, sram.capacity]   # assumed; without it all is proven, by more runs
search: short                             # for mappings: short, quick or full
simulate_layers: 1                        # the time of the others is scaled from them
"""


TEXTS = {"equations": EQUATIONS, "sweep": SWEEP, "goal": GOAL}


def starter(kind: str, name: str, schema: str) -> str:
    """The text of a ``machine``, ``workload`` or ``mapping`` called *name*, whose schema is in the file *schema*.

    Or of ``equations``: a workload that has some of its own; of a ``sweep`` or a ``goal``.
    """
    head = f"# yaml-language-server: $schema={schema}\n"
    if kind in TEXTS:
        return head + TEXTS[kind].format(name=dumps(name))
    lines = _mapping(name) if kind == "mapping" else _filled(kind, name)
    return head + "\n".join(lines) + "\n"


def _filled(kind: str, name: str) -> Iterator[str]:
    """All keys, with the values of the shipped file."""
    model = MODELS[kind]
    document = read_document(shipped(kind)[model])
    data = {key: spelt_out(key, value) or value for key, value in document.data.items()}
    yield f"# A {kind} to start from: what {model} has. A key that is left out has its default, if any."
    yield from takewhile(lambda line: line.startswith("#"), _text(document))
    yield f"name: {dumps(name)}"
    yield f"description: as {model} to be changed"
    found = described(SPECS[kind])
    if kind == "workload":
        where = [key.path for key in found].index("dimensions") + 1
        dimensions = GENERATORS[document.data["model"]].dimensions
        found[where:where] = described(dimensions, "dimensions.")
    sources = _sources(document)
    hidden: set[str] = set()
    short: set[str] = set()  # said with a word, which its keys would take the place of
    for key in found:
        parent = key.path.rpartition(".")[0]
        if parent in short:
            yield from _could_be(key)
            continue
        if key.path in ("name", "description") or parent in hidden:
            hidden.add(key.path)
            continue
        given, value = _value(data, key.path)
        if key.inner is not None and not given and key.default == "null":
            hidden.add(key.path)
        if key.inner is not None and isinstance(value, str):
            short.add(key.path)
        yield from _entry(key, as_yaml(value) if given else key.default, value, sources)


def _entry(key: Key, written: str, value: Any, sources: Mapping[str, str]) -> Iterator[str]:
    """The lines of *key*: what it means, and *value*, which is *written* so if it stands on the line."""
    indent = "  " * key.path.count(".")
    if not indent:
        yield ""
    about = key.meaning if key.kind == "mapping" else f"{key.meaning} ({key.kind}: {key.range})"
    yield from (f"{indent}# {line}" for line in wrap(about, WIDTH))
    holds = isinstance(value, dict) or (key.inner is not None and written != "null" and not isinstance(value, str))
    yield _beside(f"{indent}{key.name}:{'' if holds else f' {written}'}", sources.get(key.path))
    if holds and key.kind.startswith("mapping,"):
        for name, item in value.items():
            yield _beside(f"{indent}  {name}: {item}", sources.get(f"{key.path}.{name}"))


def _could_be(key: Key) -> Iterator[str]:
    """The lines of a *key* that could be said, as comments."""
    indent = "  " * key.path.count(".")
    yield from (f"{indent}# {line}" for line in wrap(f"{key.meaning} ({key.kind}: {key.range})", WIDTH))
    yield f"{indent}# {key.name}: {key.default}"


def _mapping(name: str) -> Iterator[str]:
    """A mapping that wishes what is the default anyway, and what else it could wish as comments."""
    yield "# A mapping to start from: wishes as a workload has them; machine: may have keys of it that change as well."
    yield f"name: {dumps(name)}"
    yield "description: to be changed"
    yield "mapping:"
    for key in described(MappingSpec, ""):
        yield from (f"  # {line}" for line in wrap(f"{key.meaning} ({key.kind}: {key.range})", WIDTH))
        yield f"  {'' if key.path == 'placement' else '# '}{key.path}: {key.default}"


def _value(data: Any, path: str) -> tuple[bool, Any]:
    """Whether there is something at the dotted *path*, and what."""
    for part in path.split("."):
        if not isinstance(data, dict) or part not in data:
            return False, None
        data = data[part]
    return True, data


def _sources(document: Document) -> dict[str, str]:
    """Dotted path -> the comment that stands behind its value in the file."""
    (_, lines), text = document.sources[0], _text(document)
    behind = {".".join(map(str, path)): text[line - 1].partition(" # ")[2].strip() for path, line in lines.items()}
    return {path: comment for path, comment in behind.items() if comment}


def _text(document: Document) -> list[str]:
    return document.files[0].read_text(encoding="utf-8").splitlines()


def _beside(line: str, comment: str | None) -> str:
    return f"{line:<33} # {comment}" if comment else line
