"""Why the Table-1 models take their time on every shipped machine, and what that does to the paper's ranking.

python -m bench.explain

Writes results/explain/MODEL-MACHINE.md and results/explain/ranking.md.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import EDGE_MACHINES
from hw.machine import MachineSpec
from sim import Result, __version__
from sim.explanation.compare import compare
from sim.explanation.explain import explain
from sim.explanation.findings import Explanation
from sim.explanation.laboratory import Laboratory
from sim.files.outputs import write_text
from sim.files.resolve import build_workload, read_inputs
from sim.presentation.markdown import decomposed, explanation, table
from sim.simulation import prepare, run

FOLDER = Path(__file__).parent.parent / "results" / "explain"
MODELS = ("mamba1", "mamba2", "mamba3_mimo")
PAPER = ("mamba2", "mamba1", "mamba3_mimo")  # Table 1, Stream throughput: 319.2, 292.1, 247.4 tok/s
LAYERS = 2
SLOW_FUNCTIONS = ("exp", "sigmoid", "tanh", "silu", "softplus", "sin", "cos", "rsqrt", "div")
VARIANTS: dict[str, dict[str, str]] = {  # what the paper leaves open; functions count wherever elementwise work is done
    "as shipped": {},
    "lanes without multiply-add (the paper's 8 GOPS is one op a lane and cycle)": {"simd.fma": "false"},
    "exp and all other functions in one cycle": {f"cycles.{name}": "1" for name in SLOW_FUNCTIONS},
    "exp in 8 cycles": {"cycles.exp": "8"},
}


def main() -> None:
    """Run everything and write the files."""
    pairs = [(model, machine) for machine in EDGE_MACHINES for model in MODELS]
    runs = [(model, machine, variant) for machine in EDGE_MACHINES for variant in VARIANTS for model in MODELS]
    with ProcessPoolExecutor() as executor:
        explanations = list(executor.map(_explain, *zip(*pairs, strict=True)))
        results = dict(zip(runs, executor.map(_run, *zip(*runs, strict=True)), strict=True))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for (model, machine), found in zip(pairs, explanations, strict=True):
        write_text(FOLDER / f"{model}-{machine}.md", explanation(found))
    write_text(FOLDER / "ranking.md", _ranking(results, dict(zip(pairs, explanations, strict=True))))


def _explain(model: str, machine: str) -> Explanation:
    workload, hardware = read_inputs(model, machine, ())
    command = f"python -m sim explain {model} --hw {machine} --simulate-layers {LAYERS}"
    return explain(Laboratory(build_workload(workload), hardware, workload, LAYERS), command)


def _run(model: str, machine: str, variant: str) -> Result:
    _, hardware = read_inputs(model, machine, ())
    spec = hardware.check(MachineSpec)
    array = spec.mac_array
    places = ["simd.", *(["mac_array.elementwise."] if array is not None and array.elementwise else [])]
    assignments: list[str] = []
    for key, value in VARIANTS[variant].items():
        assignments += [f"{place}{key}={value}" for place in places] if key.startswith("cycles") else [f"{key}={value}"]
    return run(prepare(model, machine, assignments), critical_path=True, simulate_layers=LAYERS, stride="tile")


def _ranking(
    results: dict[tuple[str, str, str], Result],
    explanations: dict[tuple[str, str], Explanation],
) -> str:
    lines = [
        "# Does the paper's ranking survive?",
        "",
        f"Written by `python -m bench.explain`, stallscope {__version__}; {LAYERS} layers of each model simulated, "
        "1024 tokens. The paper's Stream runs have Mamba-2 before Mamba-1 before Mamba-3 (319.2, 292.1, 247.4 tok/s).",
    ]
    for machine in EDGE_MACHINES:
        pace = {model: results[model, machine, "as shipped"].tokens_per_second for model in MODELS}
        order = sorted(MODELS, key=lambda model: -pace[model])
        verdict = "survives" if order == list(PAPER) else "does not survive"
        ranked = " > ".join(f"{model} {pace[model]:.1f}" for model in order)
        labels = [f"{model} on {machine}" for model in order]
        found = compare([results[model, machine, "as shipped"] for model in order], labels)
        lines += ["", f"## {machine}: it {verdict}", "", f"{ranked} tok/s.", "", found.words, ""]
        lines += [f"- {explanations[model, machine].words}" for model in order]
        lines += ["", "Cycles a token and layer, by what is on the critical path:", "", decomposed(found)]
        lines += ["", "With other lanes, tok/s:", "", _variants(machine, results)]
    return "\n".join(lines) + "\n"


def _variants(machine: str, results: dict[tuple[str, str, str], Result]) -> str:
    rows = []
    for variant in VARIANTS:
        pace = {model: results[model, machine, variant].tokens_per_second for model in MODELS}
        order = sorted(MODELS, key=lambda model: -pace[model])
        kept = "the paper's" if order == list(PAPER) else " > ".join(order)
        rows.append([variant, kept, *(f"{pace[model]:.1f}" for model in MODELS)])
    return table(["lanes", "order", *MODELS], rows, left=2)


if __name__ == "__main__":
    main()
