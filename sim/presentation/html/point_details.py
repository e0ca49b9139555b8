"""What stands on a page about one point of a sweep: figures, where the cycles of its units went, its mapping, how to
run it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hw.quantities import format_bytes
from hw.unit_names import DMA
from sim.files.numbers import number, percent, plural, scaled, seconds
from sim.presentation.escaping import for_html
from sim.presentation.figures.palette import Fill, leaf_fill
from sim.presentation.html.parts import themed
from sim.presentation.measures import ABOVE, FAILED, binding_title, known_measures, place_words, point_key
from sim.presentation.titles import place, shown, title, unit_title
from sim.studies.figures import Figure
from sim.studies.gains import Numbered, ran
from sim.studies.points import Axis
from sim.studies.repeat import repeating

SMALL = 0.01  # shares below are drawn together
REST, BUSY = "rest", "useful"
HATCHES = {"////": "rising", "\\\\\\\\": "falling", "||||": "upright", "xxxx": "crossed", "+++": "squared"}
_MEMORY = ("sram.", "dram.")


def point_details(axes: Sequence[Axis], point: Numbered, whole: bool = True) -> str:
    """A folded part of a page about *point*, which links to it open; only its command, unless the *whole* is wanted."""
    words = for_html(place_words(axes, point))
    able = bool(ran([point]))
    came = _first(point) if able else FAILED
    body = "" if able else f"<p>{for_html(point.row.outcome.error)}</p>\n"
    if able and whole:
        body = _figures(point) + _bars(point) + _mapping(point)
    return (
        f'<details class="point" id="{point_key(point)}"><summary>{point.number}: {words}: {for_html(came)}</summary>\n'
        f"{body}<pre><code>{for_html(repeating(point.row.point))}</code></pre>\n</details>\n"
    )


def _first(point: Numbered) -> str:
    return f"{number(point.throughput)} tokens a second"


def _figures(point: Numbered) -> str:
    found = point.row.outcome.figures
    told = [
        _told(found, "makespan_cycles", lambda value: f"{value:,.0f} cycles"),
        _told(found, "seconds", seconds),
        *(f"{each.short} {each.text(value)}" for each in known_measures([point])[1:]
          if (value := each.of(point)) is not None and each.name != ABOVE),
        _traffic(found),
    ]  # fmt: skip
    above = point.above_any_mapping
    bound = "" if above is None else f" No mapping is more than {percent(above)} faster."
    binding = f"Busiest: {binding_title(point.binding)}."
    return f"<p>{for_html(', '.join(each for each in told if each))}. {for_html(binding + bound)}</p>\n"


def _told(found: dict[str, Figure], name: str, text: Callable[[float], str]) -> str:
    value = found.get(name)
    return text(value) if isinstance(value, int | float) else ""


def _traffic(found: dict[str, Figure]) -> str:
    moved, tokens = found.get("dram_bytes"), found.get("tokens")
    if not isinstance(moved, int) or not isinstance(tokens, int) or not tokens:
        return ""
    return f"{scaled(moved / tokens, 'B', 0)} of DRAM traffic a token"


def _bars(point: Numbered) -> str:
    rows = "".join(_bar(unit_title(unit), list(_parts(point, unit))) for unit in _units(point))
    return f'<div class="bars">\n{rows}</div>\n'


def _units(point: Numbered) -> list[str]:
    """The units that compute, the DMA engine and one channel, which stands for all."""
    names = [key.partition(".")[2] for key in point.row.outcome.figures if key.startswith("utilisation.")]
    compute = [name for name in names if not name.startswith(_MEMORY) and name != DMA]
    return [*compute, *(name for name in names if name in (DMA, "dram.channel0"))]


def _parts(point: Numbered, unit: str) -> Iterator[tuple[str, float]]:
    """Where the cycles of *unit* went, by the key as shown, as shares of the makespan; small ones together, last."""
    figures, prefix = point.row.outcome.figures, f"stall.{unit}."
    shares = {BUSY: float(figures[f"utilisation.{unit}"] or 0)}
    shares |= {
        shown(unit, key[len(prefix) :]): float(value or 0) for key, value in figures.items() if key.startswith(prefix)
    }
    yield from sorted(
        ((key, share) for key, share in shares.items() if share >= SMALL), key=lambda part: place(part[0])
    )
    rest = sum(share for share in shares.values() if share < SMALL)
    if rest > 0:
        yield REST, rest


def _bar(unit: str, parts: Sequence[tuple[str, float]]) -> str:
    pieces, said = [], []
    for key, share in parts:
        name = {REST: "less than 1% each", BUSY: "works"}.get(key) or title(key)
        said.append(f"{name} {percent(share)}")
        fill = leaf_fill(key)
        style = f"--c:{themed(fill.colour)};width:{100 * share:.1f}%" if key != REST else f"width:{100 * share:.1f}%"
        pieces.append(f'<i class="{_hatched(fill) if key != REST else "rest"}" style="{style}"></i>')
    return (
        f"<div><b>{for_html(unit)}</b><span>{''.join(pieces)}</span><small>{for_html(', '.join(said))}</small></div>\n"
    )


def _hatched(fill: Fill) -> str:
    """The style of what has this *fill*; its colour is ``--c``."""
    return f"filled {HATCHES.get(fill.hatch, '')}".strip()


def _mapping(point: Numbered) -> str:
    found = point.row.outcome.figures
    tile, blocks, lanes = (found.get(f"mapping.{key}") for key in ("token_tile", "blocks", "lanes"))
    if not isinstance(tile, int) or not isinstance(blocks, int) or not isinstance(lanes, int):
        return ""
    units: dict[str, int] = {}
    for key, unit in found.items():
        if key.startswith("mapping.placement."):
            units[str(unit)] = units.get(str(unit), 0) + 1
    told = [f"{plural(tile, 'token')} a tile", f"{plural(blocks, 'block')} x {plural(lanes, 'lane')}"]
    told += [f"{plural(count, 'operation')} on {unit_title(unit)}" for unit, count in sorted(units.items())]
    slot, used = found.get("mapping.weight_slot_bytes"), found.get("mapping.sram_bytes")
    told += [f"weight tiles up to {format_bytes(slot)}"] if isinstance(slot, int) else []
    told += [f"{format_bytes(used)} of SRAM in use"] if isinstance(used, int) else []
    return f"<p>{for_html('Mapping: ' + ', '.join(told))}.</p>\n"
