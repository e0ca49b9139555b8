"""The pages about an explanation of one run, and about several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hw.machine import MachineSpec
from sim.accounting.layers import layers_of_all, layers_run, not_the_model
from sim.accounting.result import Result
from sim.explanation.compare import ComparedRun, Comparison
from sim.explanation.elasticity import Sensitivities
from sim.explanation.findings import Explanation, WhatIf, repeating
from sim.files.numbers import count, joules, number, rough, scaled
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.html.headline import HeadlineNumber, about, headline
from sim.presentation.html.page import Page, page_html
from sim.presentation.html.parts import Cell, Row, Section, Table, figure_html, number_cell, table_html
from sim.presentation.html.run_page import run_data, run_sections
from sim.presentation.html.run_sections import units_section, waterfall_section
from sim.presentation.titles import busy_title, class_title, unit_title


def explanation_page(known: Evidence, machine: MachineSpec) -> str:
    """The page about the explanation in *known*, whose run was observed as well."""
    found, result = known.explanation, known.result
    assert found is not None and result is not None, "a run was observed and explained"
    page = Page(
        title=f"{result.workload} on {result.machine}: where the time goes",
        about=about(result),
        headline=headline(result)[:-1],
        verdict=found.words,
        command=f"{found.command} --report report.html",
        sections=[
            waterfall_section(known, result),
            _what_ifs(known, found),
            *_near(found),
            *([] if found.sensitivities is None else [_sensitivities(found.sensitivities)]),
            *run_sections(known, machine, result),
        ],
        data=run_data(known, result),
    )
    return page_html(page)


def _what_ifs(known: Evidence, found: Explanation) -> Section:
    rows = [
        Row([what_if.name, Cell(found.options(what_if), code=True),
             _gain(what_if.same_schedule), _gain(what_if.new_schedule), *_kept(found, what_if)])
        for what_if in found.what_ifs
    ]  # fmt: skip
    words = (
        "Makespan now over makespan then. The same schedule keeps placement, tiles and order; a new one is chosen for "
        "the changed machine."
    )
    if found.near:
        words += " The last two columns are the least and the most that a schedule near the best gains if it is kept."
    header = ["change", "repeat it with", "same schedule", "new schedule", *(["least", "most"] if found.near else [])]
    tables = table_html(Table("what-ifs-table", header, rows, left=2)) + _pairs(found)
    return Section("what-ifs", "What would help", words, figure_html("what-ifs", known) + tables)


def _kept(found: Explanation, what_if: WhatIf) -> list[Cell]:
    if not found.near:
        return []
    kept = what_if.kept
    return [_gain(None if kept is None else kept.least), _gain(None if kept is None else kept.most)]


def _pairs(found: Explanation) -> str:
    rows = [
        Row([" and ".join(pair.names), Cell(pair.options, code=True), _gain(pair.new_schedule), _gain(pair.product)])
        for pair in found.pairs
    ]
    header = ["two changes", "repeat them with", "together", "product of what each buys alone"]
    return table_html(Table("pairs-table", header, rows, left=2)) if rows else ""


def _near(found: Explanation) -> list[Section]:
    """The schedules near the best, if there are any."""
    rows = [
        Row([Cell(repeating((), each.mappings), code=True), Cell(f"{each.of_explained:.4f}x", "", each.of_explained),
             *(number_cell(share, ".1%") for share in each.busy.values())])
        for each in found.near
    ]  # fmt: skip
    header = ["mapping", "time, of the one explained", *map(busy_title, found.result.busy)]
    words = "The same experiments were made with these; what differs between them depends on the schedule."
    table = Table("near-table", header, rows)
    return [Section("near", "Other schedules near the best", words, table_html(table))] if rows else []


def _sensitivities(found: Sensitivities) -> Section:
    """What a percent of each class is worth, and what more than that, in the order that is kept and run again."""
    shown = [each for each in found.classes if each.matters]
    changes = [point.change for each in shown[:1] for point in each.points]
    rows = [
        Row([each.duration.label, _share(each.cycles / found.makespan_cycles), _percents(each.faster.elasticity),
             _percents(each.slower.elasticity),
             *(cell for point in each.points for cell in (_change(point.held), _change(point.free)))])
        for each in shown
    ]  # fmt: skip
    header = ["what", "of the time", "1% faster gives", "1% slower costs"]
    header += [name for change in changes for name in (f"{change:+.0%}", f"{change:+.0%}, free")]
    words = f"{found.words} The last columns: what becomes of the time if something takes so much shorter or longer."
    return Section(
        "sensitivities", "What a percent is worth", words, table_html(Table("sensitivities-table", header, rows))
    )


def _percents(elasticity: float) -> Cell:
    return Cell(f"{elasticity:.2f}%", "", elasticity)


def _change(value: float | None) -> Cell:
    return Cell("") if value is None else number_cell(value, "+.1%")


def _share(value: float | None) -> Cell:
    return Cell("") if value is None else number_cell(value, ".1%")


def _gain(value: float | None) -> Cell:
    return Cell("") if value is None else Cell(f"{value:.3f}x", "", value)


def comparison_page(found: Comparison, results: Sequence[Result]) -> str:
    """The page about runs side by side; *results* are those of the runs, in their order."""
    known = Evidence(comparison=found)
    names = [run.label for run in found.runs]
    sections = [_side_by_side(found, names), _path(known, found, names)]
    for place, (name, result) in enumerate(zip(names, results, strict=True), start=1):
        of_run, prefix = Evidence(result), f"run{place}-"
        for section in (units_section(of_run, result, prefix), waterfall_section(of_run, result, prefix)):
            sections.append(replace(section, title=f"{name}: {section.title[0].lower()}{section.title[1:]}"))
    fastest = max(found.runs, key=lambda run: run.tokens_per_second)
    page = Page(
        title=", ".join(names),
        about=f"{len(names)} runs side by side; {layers_of_all(dict(zip(names, found.runs, strict=True)))}",
        headline=[_speed(name, run, fastest) for name, run in zip(names, found.runs, strict=True)],
        verdict=found.words,
        command=f"{found.command} --report report.html",
        sections=sections,
    )
    return page_html(page)


def _speed(name: str, run: ComparedRun, fastest: ComparedRun) -> HeadlineNumber:
    share = run.tokens_per_second / fastest.tokens_per_second
    note = "tokens a second" if run is fastest else f"tokens a second, {share:.0%} of the fastest"
    note += f", {not_the_model(run)}" if run.model_layers else ""
    return HeadlineNumber(name, number(run.tokens_per_second), note, run.tokens_per_second)


def _side_by_side(found: Comparison, names: Sequence[str]) -> Section:
    runs = found.runs
    rows = [
        Row(["layers", *map(layers_run, runs)]),
        Row(["tokens a second",
             *(Cell(number(run.tokens_per_second), "", run.tokens_per_second) for run in runs)]),
        Row(["cycles a token and layer", *(number_cell(run.cycles_per_token_layer, ",.0f") for run in runs)]),
        Row(["of the paper's roofline", *(number_cell(run.of_roofline, ".1%") for run in runs)]),
        Row(["energy a token",
             *(Cell(joules(run.energy_mj_per_token / 1000), "", run.energy_mj_per_token) for run in runs)]),
        *_energy_ends(found),
        Row(["operations a token", *(Cell(count(round(run.ops_per_token)), "", run.ops_per_token) for run in runs)]),
        Row(["DRAM traffic a token",
             *(Cell(scaled(run.dram_bytes_per_token, "B", 0), "", run.dram_bytes_per_token) for run in runs)]),
        *(Row([busy_title(unit), *(_share(run.busy.get(unit)) for run in runs)]) for unit in found.units),
    ]  # fmt: skip
    table = Table("side-by-side-table", ["", *names], rows)
    return Section("side-by-side", "Side by side", "", table_html(table))


def _energy_ends(found: Comparison) -> list[Row]:
    """What the energy may be by low and by high figures."""
    ranked = {run.label: run for run in found.energy.runs} if found.energy else {}
    ends = [(level, [getattr(ranked[run.label], level) for run in found.runs]) for level in ("low", "high") if ranked]
    return [
        Row([f"by {level} figures", *(Cell(joules(e / 1000), "", e) for e in energies)]) for level, energies in ends
    ]


def _path(known: Evidence, found: Comparison, names: Sequence[str]) -> Section:
    rows = [
        Row([f"{class_title(row.operation_class)} on {unit_title(row.unit)}",
             *(Cell(rough(cycles), "", cycles) for cycles in row.cycles),
             *(Cell(rough(cycles - row.cycles[0], "+"), "", cycles - row.cycles[0]) for cycles in row.cycles[1:])])
        for row in found.rows
    ]  # fmt: skip
    times = [run.cycles_per_token_layer for run in found.runs]
    sums = [Cell(rough(time), "", time) for time in times]
    sums += [Cell(rough(time - times[0], "+"), "", time - times[0]) for time in times[1:]]
    rows.append(Row(["all", *sums], strong=True))
    header = ["cycles a token and layer", *names, *(f"{name} - {names[0]}" for name in names[1:])]
    words = "What is on the critical paths. A column sums to its run's time, so rows say where differences come from."
    body = figure_html("comparison", known) + table_html(Table("comparison-table", header, rows))
    return Section("comparison", "What the difference is made of", words, body)
