"""What results/recurrences.md and its figure say of the recurrences that bench/recurrences.py has run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bench.binding import binding, shares
from bench.speeds import Speed
from hw.quantities import format_bytes
from sim import Result, __version__
from sim.files.numbers import percent
from sim.paper.pictures import STYLES, print_style, write_figure
from sim.presentation.figures.canvas import PAGE_INCHES, horizontal
from sim.presentation.markdown import table
from sim.presentation.titles import title, unit_title
from sim.validation.proof import Proof
from workloads.counts import Counts
from workloads.models.generator import SEQUENTIAL

NAME: Final = "recurrences"
TITLES: Final = {
    "mamba1": "Mamba-1", "mamba2": "Mamba-2", "mamba3_mimo": "Mamba-3 (MIMO)", "s4d": "S4D", "rg_lru": "RG-LRU",
    "retnet": "RetNet", "gla": "GLA", "hgrn2": "HGRN2", "mlstm": "mLSTM", "deltanet": "DeltaNet",
    "gated_deltanet": "Gated DeltaNet", "kda": "KDA", "rwkv7": "RWKV-7",
}  # fmt: skip
COLOURS: Final = {"mac_array": STYLES[2].colour, "simd": STYLES[1].colour, "dram": STYLES[3].colour}
SIGNS: Final = "Here and below `>` holds whatever the mappings, `≥` for the best that were found."
MEGA: Final = 10**6


class Cell(NamedTuple):
    """A recurrence: what it is, what it counts, and its proof."""

    name: str
    description: str
    counts: Counts
    proof: Proof


class Form(NamedTuple):
    """A run of a cell: a prompt in one form, or decode."""

    cell: str
    form: str
    result: Result

    @property
    def decode(self) -> bool:
        """Whether it is decode."""
        return self.result.phase == "decode"

    @property
    def speed(self) -> Speed:
        """Tokens a second, found and possible."""
        return Speed.of(self.result)

    @property
    def said(self) -> str:
        """The form with its chunk."""
        chunk = self.result.chunk
        return self.form if chunk is None or self.decode else f"{self.form}, {chunk} tokens"


def fastest(forms: Sequence[Form]) -> list[Form]:
    """The fastest form of each cell, the fastest cell first."""
    best: dict[str, Form] = {}
    for each in forms:
        if each.cell not in best or each.speed.found > best[each.cell].speed.found:
            best[each.cell] = each
    return sorted(best.values(), key=lambda each: -each.speed.found)


def ceilings(forms: Sequence[Form]) -> dict[str, float]:
    """Tokens a second that no mapping of any form of a cell exceeds."""
    most: dict[str, float] = {}
    for each in forms:
        most[each.cell] = max(most.get(each.cell, 0.0), each.speed.most)
    return most


def page(cells: Sequence[Cell], forms: Sequence[Form]) -> str:
    """The page as Markdown."""
    prompts = [each for each in forms if not each.decode]
    decodes: dict[str, list[Form]] = {}
    for each in forms:
        if each.decode:
            decodes.setdefault(each.form, []).append(each)
    parts = [
        "# Published recurrences at equal parameters",
        f"Written by `python -m bench.recurrences`, stallscope {__version__}. Mixer blocks with norm and residual, "
        "without an MLP, on hw/edge.yaml; each in as many layers as make its parameters those of workloads/mamba2.yaml."
        " All but the three Mambas are YAML files alone (workloads/equations/), whose heads say which paper and which "
        "code the equations were checked against, and what is left out.",
        f"![Tokens a second of prompts and of decode]({NAME}.svg)",
        "Bars are what a full search found; the thin line goes on to the bound over every mapping of all forms, so an "
        "order is certain where a bar reaches beyond another's line. Colours say which unit is the busiest.",
        "## What was found",
        *_findings(prompts, decodes),
        "## What they are",
        "MACs are those of matrix products and of the state; all other operations are elementwise. State is what one "
        "layer hands from token to token. The proof is the largest error, of the largest value, of one layer on random "
        "numbers in the order of a simulated run, in each form and in decode after it, against a loop "
        "(`python -m sim prove`).",
        _what(cells),
        "## Prompts of 1,024 tokens",
        "Two layers simulated, the time of the others scaled from them. Every form that is published and expressed; "
        "the chunk is the quickest of 4 to 256 tokens. The bound holds for every mapping of that form.",
        _runs(prompts),
    ]
    for form, own in decodes.items():
        parts += [f"## {form[0].upper()}{form[1:]}", _runs(own)]
    return "\n\n".join(parts) + "\n"


def _findings(prompts: Sequence[Form], decodes: dict[str, list[Form]]) -> Iterator[str]:
    best = fastest(prompts)
    sequential = [each for each in prompts if each.form == SEQUENTIAL]
    yield f"Prompts, each in its fastest form: {_order(prompts)}. {SIGNS}"
    yield f"Prompts token by token: {_order(sequential)}."
    for form, own in decodes.items():
        yield f"{form[0].upper()}{form[1:]}: {_order(own)}."
    bound: dict[str, list[Form]] = {}
    for each in best:
        bound.setdefault(binding(shares(each.result))[0], []).append(each)
    said = []
    for unit, own in bound.items():
        apart = own[0].speed.found / own[-1].speed.found - 1
        said.append(f"{unit_title(unit)}: {', '.join(TITLES[each.cell] for each in own)} ({percent(apart)} apart)")
    yield f"What is the busiest in a prompt's fastest form: {'; '.join(said)}."
    certain = []
    for each in best:
        before = next(other.speed for other in sequential if other.cell == each.cell)
        if each.form != SEQUENTIAL and each.speed.found > before.most:
            certain.append(f"{TITLES[each.cell]} {each.speed.found / before.found:.2f}")
    yield f"Times by which chunks beat the recurrence token by token, whatever its mapping: {', '.join(certain)}."


def _order(forms: Sequence[Form]) -> str:
    """Cells from the fastest on, with ``>`` where that holds whatever the mappings and ``≥`` where it is open."""
    best, most = fastest(forms), ceilings(forms)
    parts = [f"{TITLES[best[0].cell]} {best[0].speed.found:.4g}"]
    for before, each in pairwise(best):
        sign = ">" if before.speed.found > most[each.cell] else "≥"
        parts.append(f"{sign} {TITLES[each.cell]} {each.speed.found:.4g}")
    return f"{' '.join(parts)} tok/s"


def _what(cells: Sequence[Cell]) -> str:
    header = ["", "what", "layers", "parameters, M", "state of a layer", "MMAC a token", "other Mop a token",
              "transcendentals, M", "proof, largest error"]  # fmt: skip
    rows = []
    for each in cells:
        counts = each.counts
        worst = max(compared.error for compared in each.proof.comparisons)
        rows.append([
            TITLES[each.name], each.description, f"{counts.layers}", f"{counts.parameters / MEGA:.1f}",
            format_bytes(counts.state_bytes // counts.layers), f"{counts.macs_per_token / MEGA:.1f}",
            f"{(counts.ops_per_token - 2 * counts.macs_per_token) / MEGA:.1f}",
            f"{counts.transcendentals_per_token / MEGA:.3f}",
            f"{worst:.0e} of {len(each.proof.comparisons)}" if each.proof.holds else f"**{worst:.0e}**",
        ])  # fmt: skip
    return table(header, rows, left=2)


def _runs(forms: Sequence[Form]) -> str:
    header = ["", "form", "tok/s", "bound, tok/s at most", "above the bound", "mJ a token", "busiest",
              "what it waits for", "MAC array useful"]  # fmt: skip
    rows = []
    for each in sorted(forms, key=lambda form: -form.speed.found):
        result, (unit, share) = each.result, binding(shares(each.result))
        rows.append([
            TITLES[each.cell], each.said, f"{each.speed.found:.4g}", f"{each.speed.most:.4g}",
            percent(each.speed.most / each.speed.found - 1), f"{result.energy_mj_per_token:.3g}",
            f"{unit_title(unit)} {share:.0%}", _wait(result, unit),
            f"{result.units['mac_array'].useful_cycles / result.makespan_cycles:.0%}",
        ])  # fmt: skip
    return table(header, rows, left=2)


def _wait(result: Result, unit: str) -> str:
    """The largest stall of the busiest unit."""
    name = "dram.channel0" if unit == "dram" else unit
    stalls = result.units[name].stalls
    reason = max(stalls, key=lambda each: stalls[each], default=None)
    return "-" if reason is None else f"{title(reason)} {percent(stalls[reason] / result.makespan_cycles)}"


def draw(forms: Sequence[Form], folder: Path) -> None:
    """Bars of each cell's fastest prompt and of decode, with what no mapping exceeds."""
    prompts = [each for each in forms if not each.decode]
    panels = {"prompt of 1,024 tokens": prompts}
    for each in forms:
        if each.decode:
            panels.setdefault(each.form, []).append(each)
    names = [each.cell for each in fastest(prompts)]
    busiest: set[str] = set()
    with print_style():
        figure = Figure(figsize=(PAGE_INCHES, 0.22 * len(names) + 1.0), layout="constrained")
        widths = [2] + [1] * (len(panels) - 1)
        for axes, (kind, own) in zip(figure.subplots(1, len(panels), width_ratios=widths), panels.items(), strict=True):
            found, most = {each.cell: each for each in fastest(own)}, ceilings(own)
            for row, cell in enumerate(names):
                unit, _ = binding(shares(found[cell].result))
                busiest.add(unit)
                speed = found[cell].speed.found
                axes.barh(row, speed, 0.66, color=COLOURS[unit])
                axes.plot([speed, most[cell]], [row, row], color="black", linewidth=1.0, solid_capstyle="butt")
            horizontal(axes, [TITLES[cell] if own is prompts else "" for cell in names])
            axes.set_title(kind)
            axes.set_xlabel("tokens/s")
        labels = {unit: f"{unit_title(unit)} is the busiest" for unit in sorted(busiest)}
        handles: list[Artist] = [Patch(facecolor=COLOURS[unit], label=label) for unit, label in labels.items()]
        handles.append(Line2D([], [], color="black", linewidth=1.0, label="up to the bound over every mapping"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
        write_figure(figure, folder, NAME)
