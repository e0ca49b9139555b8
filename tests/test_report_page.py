"""The report: its numbers are those of the result, nothing is fetched, and it works with and without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sim.accounting.result import Result
from sim.commands.cli import app
from sim.explanation.compare import Comparison
from sim.explanation.explain import Explanation
from sim.presentation.html.parts import Cell, Row, Section, Table, section_html, table_html
from sim.presentation.titles import TITLES, unit_title
from sim.simulation import prepare, run

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser import OfflineBrowser

pytest_plugins = ["tests.browser"]

PINNED = ("mapping.token_tile=16", "mapping.blocks=2", "mapping.lanes=1", "mapping.weight_slot_kib=32")
SMALL = ("dimensions.d_model=256", "sequence_length=64", "mapping.placement=simd", *PINNED)
WORK = [argument for assignment in (*SMALL, "dimensions.head_dim=32") for argument in ("--set", assignment)]
COMMANDS = {
    "run": ["run", "mamba2", *WORK, "--layers", "2", "--quiet"],
    "explain": ["explain", "mamba2", *WORK, "--simulate-layers", "1"],
    "compare": ["compare", "mamba2", "mamba1", *WORK[:-2], "--layers", "1"],
}


class Report(HTMLParser):
    """Everything in a page that has values for scripts, and every address that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str | None]]] = {}  # id -> rows of exact values
        self.keys: dict[str, list[str | None]] = {}  # id -> the rows' keys
        self.marks: list[dict[str, str | None]] = []
        self.headline: dict[str, str] = {}
        self.titles: dict[str, str] = {}  # id of a figure -> its title
        self.addresses: list[str] = []
        self._table = ""
        self._scripts: list[dict[str, str | None]] = []
        self.data: dict[str, Any] = {}
        self.text = ""
        self._title: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [value or "" for key, value in attrs if key in ("src", "href", "xlink:href", "action")]
        if tag == "table":
            self._table = found["id"] or ""
            self.tables[self._table], self.keys[self._table] = [], []
        elif tag == "tr":
            self.tables[self._table].append([])
            self.keys[self._table].append(found.get("data-key"))
        elif tag in ("td", "th"):
            self.tables[self._table][-1].append(found.get("data-value"))
        elif tag == "script":
            self._scripts.append(found)
        elif tag == "title" and (found.get("id") or "").startswith("figure-"):
            self._title = found["id"]
        if found.get("class") == "mark":
            self.marks.append(found)
        if "data-name" in found:
            self.headline[found["data-name"] or ""] = found["data-value"] or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._title = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._title:
            self.titles[self._title] = data
        if self._scripts and self._scripts[-1].get("type") == "application/json":
            self.data = json.loads(data)
            self._scripts.append({})

    def of(self, figure: str) -> list[dict[str, str | None]]:
        """The marks of *figure*."""
        return [mark for mark in self.marks if mark["data-figure"] == figure]


def written(folder: Path, name: str, *more: str) -> tuple[Path, str]:
    """The page and the JSON text that the command writes."""
    page, text = folder / f"{name}.html", folder / f"{name}.json"
    found = CliRunner().invoke(app, [*COMMANDS[name], "--report", str(page), "--json", str(text), *more])
    assert found.exit_code == 0, found.output
    return page, text.read_text()


@pytest.fixture(scope="module")
def run_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    page, text = written(tmp_path_factory.mktemp("run"), "run")
    return page, Result.model_validate_json(text)


@pytest.fixture(scope="module")
def run_report(run_page: tuple[Path, Result]) -> tuple[Report, Result]:
    return Report(run_page[0].read_text()), run_page[1]


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Explanation]:
    page, text = written(tmp_path_factory.mktemp("explain"), "explain")
    return page, Explanation.model_validate_json(text)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Comparison]:
    page, text = written(tmp_path_factory.mktemp("compare"), "compare")
    return page, Comparison.model_validate_json(text)


def test_headline_is_that_of_the_result(run_report: tuple[Report, Result]) -> None:
    report, result = run_report
    assert float(report.headline["throughput"]) == result.tokens_per_second
    assert float(report.headline["energy"]) == result.energy_mj_per_token
    assert int(report.headline["makespan"]) == result.makespan_cycles
    assert float(report.headline["speed"]) == result.bounds.paper_roofline_cycles / result.makespan_cycles
    assert int(report.headline["DRAM traffic"]) == result.dram_bytes


def test_units_sum_to_the_makespan_in_table_and_figure(run_report: tuple[Report, Result]) -> None:
    report, result = run_report
    rows, keys = report.tables["units-table"][1:], report.keys["units-table"][1:]
    titles = {unit: unit_title(unit) for unit in result.units if unit != "dram.channel1"}
    titles["dram.channel0"] = "DRAM channels 0–1"  # both do the same
    assert len(rows[-1]) == 1 + len(titles)
    for column, (unit, title) in enumerate(titles.items(), start=1):
        account = result.units[unit]
        cycles = {key: int(row[column] or 0) for key, row in zip(keys, rows, strict=True) if key}
        assert sum(cycles.values()) == int(rows[-1][column] or 0) == result.makespan_cycles
        assert cycles["useful"] == account.useful_cycles
        assert {key: cycles[key] for key in account.stalls} == account.stalls
        drawn = {m["data-key"]: int(m["data-cycles"] or 0) for m in report.of("units") if m["data-unit"] == title}
        assert drawn == {key: count for key, count in cycles.items() if count}


def test_waterfall_sums_to_the_difference(run_report: tuple[Report, Result]) -> None:
    report, result = run_report
    steps = {mark["data-key"]: int(mark["data-cycles"] or 0) for mark in report.of("waterfall")}
    start, end = steps.pop("start"), steps.pop("end")
    assert steps == result.above_roofline
    assert (start, end) == (result.bounds.paper_roofline_cycles, result.makespan_cycles)
    assert sum(steps.values()) == end - start
    table = [int(row[1] or 0) for row in report.tables["waterfall-table"][1:]]
    assert sum(table[:-1]) == table[-1] == end


def test_ladder_sums_to_the_difference(explained: tuple[Path, Explanation]) -> None:
    report, found = Report(explained[0].read_text()), explained[1]
    steps = {mark["data-key"]: int(mark["data-cycles"] or 0) for mark in report.of("waterfall")}
    start, end = steps.pop("start"), steps.pop("end")
    assert steps == {rung.effect: rung.added_cycles for rung in found.rungs[1:]}
    assert start + sum(steps.values()) == end == found.result.makespan_cycles
    gains = {(m["data-change"], m["data-schedule"]): float(m["data-gain"] or 0) for m in report.of("what-ifs")}
    told = {
        (what_if.name, kind): getattr(what_if, kind)
        for what_if in found.what_ifs
        for kind in ("same_schedule", "new_schedule")
    }
    assert gains == {key: gain for key, gain in told.items() if gain is not None}
    assert found.words in report.text
    assert float(report.headline["throughput"]) == found.result.tokens_per_second
    assert "1 of the layers simulated, the time of the others scaled" in report.text


def test_comparison_has_the_parts_of_the_critical_paths(compared: tuple[Path, Comparison]) -> None:
    report, found = Report(compared[0].read_text()), compared[1]
    rows = report.tables["comparison-table"][1:-1]
    assert [[float(cell or 0) for cell in row[1:3]] for row in rows] == [row.cycles for row in found.rows]
    for each in found.runs:
        drawn = [
            float(m["data-cycles"] or 0) for m in report.of("comparison") if m["data-run"] == f"{each.workload} on edge"
        ]
        assert sum(drawn) == pytest.approx(each.cycles_per_token_layer)
    assert {"run1-units-table", "run2-units-table", "run1-waterfall-table"} <= set(report.tables)


def test_critical_path_buffers_and_windows_are_those_of_the_result(run_report: tuple[Report, Result]) -> None:
    report, result = run_report
    path = [int(row[4] or 0) for row in report.tables["critical-path-table"][1:]]
    assert path[:-1] == [part.cycles for part in result.critical_path or ()]
    assert sum(path[:-1]) == path[-1] == result.makespan_cycles
    assert sum(int(mark["data-bytes"] or 0) for mark in report.of("sram")) == result.mapping.sram_bytes
    windows = run(prepare("mamba2", "edge", [*SMALL, "dimensions.head_dim=32", "layers=2"]), windows=64).windows
    assert windows is not None
    for mark in report.of("windows"):
        parts = windows.units[mark["data-unit"] or ""]
        assert int(mark["data-cycles"] or 0) == sum(parts[mark["data-key"] or ""])


def test_roofline_has_every_class_and_all_operations(run_report: tuple[Report, Result]) -> None:
    report, result = run_report
    points = [mark for mark in report.of("roofline") if mark.get("data-memory") == "SRAM"]
    assert sum(int(point["data-ops"] or 0) for point in points) == round(result.ops_per_token * result.tokens)
    found = {(point["data-operation-class"], point["data-unit"]): int(point["data-cycles"] or 0) for point in points}
    assert found == {
        (kind, unit): account.busy_cycles
        for kind, units in result.by_class.items()
        for unit, account in units.items()
        if unit != "dma"
    }


def test_timeline_fills_the_window(run_report: tuple[Report, Result]) -> None:
    data = run_report[0].data
    span = data["end"] - data["start"]
    for name, numbers in data["lanes"]:
        gaps, lengths = sum(numbers[0::5]), sum(numbers[1::5])
        assert gaps + lengths <= span
        assert min(numbers[0::5]) >= 0 and min(numbers[1::5]) > 0
        if name in ("MAC array", "SIMD", "DMA"):
            assert (gaps, lengths) == (0, span)


def test_figures_have_titles_and_ids_are_unique(run_page: tuple[Path, Result]) -> None:
    text = run_page[0].read_text()
    names = ("waterfall", "units", "roofline", "timeline", "windows", "critical-path", "sram")
    assert set(Report(text).titles) == {f"figure-{name}-title" for name in names}
    ids = [part.split('"')[0] for part in text.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", COMMANDS)
def test_page_names_no_other_address_and_stays_small(name: str, request: pytest.FixtureRequest) -> None:
    page: Path = request.getfixturevalue({"run": "run_page", "explain": "explained", "compare": "compared"}[name])[0]
    report = Report(page.read_text())
    assert all(address.startswith(("#", "data:,")) for address in report.addresses)
    assert page.stat().st_size < 1_000_000
    assert f"python -m sim {name} mamba2" in report.text
    assert "--report report.html" in report.text


def test_same_run_gives_the_same_bytes(run_page: tuple[Path, Result], tmp_path: Path) -> None:
    again, _ = written(tmp_path, "run")
    assert again.read_bytes() == run_page[0].read_bytes()


def test_report_changes_no_number_of_the_run(run_page: tuple[Path, Result], tmp_path: Path) -> None:
    target = tmp_path / "plain.json"
    more = ["--critical-path", "--json", str(target)]
    assert CliRunner().invoke(app, [*COMMANDS["run"], *more]).exit_code == 0
    assert Result.model_validate_json(target.read_text()) == run_page[1]


def test_text_is_escaped() -> None:
    table = table_html(Table("t", ["<a>"], [Row([Cell('"&', "<b>", 1)], key='"x')]))
    section = section_html(Section("s", "<c>", "1 < 2", ""))
    assert "<a>" not in table and "<b>" not in table and 'data-key="&quot;x"' in table
    assert "<c>" not in section and "1 &lt; 2" in section


def test_unwritable_report_is_told_before_the_run(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "r.html"
    found = CliRunner().invoke(app, [*COMMANDS["run"], "--report", str(target)])
    assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
    assert "does not exist" in found.stderr


# ------------------------------------------------------------------------------------------------------ in a browser


@pytest.fixture
def opened(offline_browser: OfflineBrowser, run_page: tuple[Path, Result]) -> Iterator[Page]:
    yield offline_browser.open(run_page[0].as_uri())
    assert offline_browser.errors == [] and offline_browser.refused == []
    assert [url.split(":")[0] for url in offline_browser.requests] == ["file"]  # the page itself


def in_sight(mark: Locator) -> Locator:
    mark.scroll_into_view_if_needed()
    return mark


def test_hover_says_what_a_bar_is(opened: Page, run_page: tuple[Path, Result]) -> None:
    result = run_page[1]
    in_sight(opened.locator('[data-figure="units"][data-unit="MAC array"][data-key="useful"]')).hover()
    tip = opened.locator("#tip").text_content() or ""
    assert tip.startswith(f"MAC array: useful work {result.units['mac_array'].useful_cycles:,} cycles")


def test_click_lights_up_the_same_reason_everywhere(opened: Page) -> None:
    key = "waits_for_mac_array"
    mark = in_sight(opened.locator(f'[data-figure="units"][data-unit="SIMD"][data-key="{key}"]'))
    mark.click()
    lit = opened.locator(".on").evaluate_all("lit => lit.map(each => each.dataset.key)")
    assert set(lit) == {key} and len(lit) > 2
    assert opened.locator(f'#units-table tr.on[data-key="{key}"]').text_content().startswith(TITLES[key])  # type: ignore[union-attr]
    mark.click()
    assert opened.locator(".on").count() == 0


def test_timeline_zooms_and_tells_slices(opened: Page) -> None:
    view, shown = in_sight(opened.locator("#timeline-view canvas")), opened.locator("#timeline-view output")
    whole = shown.text_content()
    opened.get_by_role("button", name="zoom in").click()
    opened.get_by_role("button", name="zoom in").click()
    assert shown.text_content() != whole
    view.hover(position={"x": 500, "y": 30})
    tip = opened.locator("#tip").text_content() or ""
    assert tip.startswith("MAC array ") and " cycles from " in tip
    view.press("0")
    assert shown.text_content() == whole


def test_essentials_need_no_script(offline_browser: OfflineBrowser, run_page: tuple[Path, Result]) -> None:
    context = offline_browser.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(run_page[0].as_uri())
    assert page.locator("figure > svg").count() == 7
    for figure in page.locator("figure > svg").all():
        assert figure.is_visible()
    assert page.locator("#units-table").is_visible()
    assert page.locator(".figure-units .mark > title").first.text_content()
    context.close()


@pytest.mark.parametrize("name", ["explained", "compared"])
def test_experiments_show_in_a_browser(
    name: str, offline_browser: OfflineBrowser, request: pytest.FixtureRequest
) -> None:
    opened = offline_browser.open(request.getfixturevalue(name)[0].as_uri())
    mark = {"explained": '"what-ifs"', "compared": '"comparison"][data-part="projection on MAC array"'}[name]
    in_sight(opened.locator(f"[data-figure={mark}]").first).hover()
    assert opened.locator("#tip").is_visible()
    assert offline_browser.errors == [] and offline_browser.refused == [] and len(offline_browser.requests) == 1
