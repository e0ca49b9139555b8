"""A result in a notebook: headline, a bar for each unit, bounds, as one HTML fragment that needs nothing else.

Its text and lines have the colour of the text around it, so that it can be read in light and in dark notebooks; colours
stand beside words, so that it says the same where a viewer drops the styles.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.accounting.result import Result
from sim.files.numbers import percent
from sim.presentation.bars import Amount, Bar, unit_bars
from sim.presentation.escaping import for_html
from sim.presentation.figures.palette import ON_FILL, QUIET_COLOURS, leaf_fill
from sim.presentation.html.headline import HeadlineNumber, about, headline, verdict
from sim.presentation.stalls import WORTH_NAMING
from sim.presentation.titles import title

_LINE = "1px solid rgba(128,128,128,.45)"
_SMALL = "font-size:.85em"
_FAINT = f"opacity:.75;{_SMALL}"
_BOX = f"border:{_LINE};border-radius:.3em;padding:.3em .7em"
_TABLE = "width:100%;border-collapse:collapse;margin:.6em 0;background:transparent;color:inherit;font:inherit"
_CELL = f"padding:.3em .8em .3em 0;text-align:left;vertical-align:top;border:none;border-top:{_LINE};color:inherit"
_NAME = f"{_CELL};font-weight:normal;white-space:nowrap;min-width:9em"
_SWATCH = "display:inline-block;width:1.2em;height:.8em;margin-right:.35em;border:1px solid rgba(128,128,128,.6)"
_WRITTEN = 0.06  # least share of a bar that has room for its percentage
_BOUNDS = {
    "paper_roofline_cycles": "paper's roofline",
    "resource_cycles": "resource bound",
    "recurrence_cycles": "recurrence bound",
    "any_mapping_cycles": "bound over every mapping",
}


def as_html(result: Result) -> str:
    """*result* as an HTML fragment."""
    makespan = result.makespan_cycles
    units = "".join(_row(bar.name, _bar(bar, makespan), _spoken(bar, makespan)) for bar in unit_bars(result))
    bounds = "".join(_row(*cells) for cells in _bounds(result))
    return (
        '<div style="max-width:60em;line-height:1.4;background:transparent">\n'
        f'<div><b style="font-size:1.2em">{for_html(f"{result.workload} on {result.machine}")}</b></div>\n'
        f'<div style="{_FAINT}">{for_html(about(result))}</div>\n'
        f"{_headline(result)}<div>{for_html(verdict(result))}</div>\n"
        f"{_table('Where the cycles of each unit went', units)}{_legend(result)}{_table('Bounds', bounds)}</div>\n"
    )


def _headline(result: Result) -> str:
    numbers = "".join(map(_number, headline(result)))
    return f'<div style="display:flex;flex-wrap:wrap;gap:.5em;margin:.6em 0">\n{numbers}</div>\n'


def _number(number: HeadlineNumber) -> str:
    name, text, note = map(for_html, (number.name, number.text, number.note))
    return (
        f'<div style="{_BOX}"><span style="{_FAINT}">{name}</span><br>'
        f'<b style="font-size:1.15em">{text}</b> <span style="{_FAINT}">{note}</span></div>\n'
    )


def _table(heading: str, rows: str) -> str:
    above = f'<div style="margin-top:.8em"><b>{heading}</b></div>'
    return f'{above}\n<table style="{_TABLE}"><tbody>\n{rows}</tbody></table>\n'


def _row(name: str, bar: str, words: str) -> str:
    return (
        f'<tr style="background:transparent"><th style="{_NAME}">{for_html(name)}</th>'
        f'<td style="{_CELL};width:100%">{bar}<div style="{_FAINT}">{for_html(words)}</div></td></tr>\n'
    )


def _bar(bar: Bar, whole: int) -> str:
    parts = "".join(_part(part, part.cycles / whole) for part in bar.parts)
    return f'<div style="display:flex;width:100%;height:1.5em">{parts}</div>'


def _part(part: Amount, share: float) -> str:
    said = f"{part.title}: {part.cycles:,} cycles, {percent(share)}"
    style = f"width:{100 * share:.3f}%;overflow:hidden;background:{_background(part.key)}"
    style += "" if part.key in QUIET_COLOURS else f";color:{ON_FILL}"
    text = f'<span style="padding:0 .3em;font-size:.8em">{share:.0%}</span>' if share >= _WRITTEN else ""
    return f'<div title="{for_html(said)}" style="{style};text-align:center">{text}</div>'


def _background(key: str) -> str:
    """What an area is filled with: waits are hatched, and for whom nobody waits is hardly there."""
    if key in QUIET_COLOURS:
        return "rgba(128,128,128,.2)"
    fill = leaf_fill(key)
    if not fill.hatch:
        return fill.colour
    return f"repeating-linear-gradient(135deg,transparent 0 5px,rgba(0,0,0,.35) 5px 6px),{fill.colour}"


def _spoken(bar: Bar, whole: int) -> str:
    """The parts of a bar in words, those that are worth it."""
    return ", ".join(f"{part.title} {percent(part.cycles / whole)}" for part in bar.parts if part.cycles >= whole / 100)


def _bounds(result: Result) -> Iterator[tuple[str, str, str]]:
    makespan = result.makespan_cycles
    known = [(name, getattr(result.bounds, key)) for key, name in _BOUNDS.items()]
    named = [(name, cycles) for name, cycles in known if cycles is not None] + [("simulated", makespan)]
    longest = max(cycles for _, cycles in named)
    for name, cycles in named:
        width = f"width:{100 * cycles / longest:.3f}%;height:.5em;margin:.4em 0;background:currentColor;opacity:.6"
        yield name, f'<div style="{width}"></div>', f"{cycles:,} cycles, {percent(cycles / makespan)} of the makespan"


def _legend(result: Result) -> str:
    makespan = result.makespan_cycles
    keys = [part.key for bar in unit_bars(result) for part in bar.parts if part.cycles >= WORTH_NAMING * makespan]
    entries = "".join(map(_swatch, dict.fromkeys(keys)))
    return f'<div style="display:flex;flex-wrap:wrap;gap:.1em 1.2em;{_SMALL}">\n{entries}</div>\n'


def _swatch(key: str) -> str:
    colour = f'<i style="{_SWATCH};background:{_background(key)}"></i>'
    return f'<span style="white-space:nowrap">{colour}{for_html(title(key))}</span>\n'
