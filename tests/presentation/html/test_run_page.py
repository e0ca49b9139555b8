"""The report of a run: its numbers are those of the result, and writing it changes none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from sim.accounting.result import Result
from sim.presentation.titles import unit_title
from sim.simulation import prepare, run
from tests.support.command_line import call, check_refused
from tests.support.reports import COMMANDS, SMALL, Report, written


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
        cycles = Counter[str]()
        for key, row in zip(keys, rows, strict=True):
            cycles[key or "makespan"] += int(row[column] or 0)
        assert cycles.pop("makespan") == result.makespan_cycles
        assert sum(cycles.values()) == result.makespan_cycles
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


def test_classes_of_the_whole_model_are_those_of_the_result(run_report: tuple[Report, Result]) -> None:
    report, result = run_report
    assert result.breakdown is not None
    for name, classes in (("breakdown", result.breakdown.classes), ("ssm-scope", result.breakdown.ssm_scope)):
        rows = report.tables[f"{name}-table"][1:]
        assert len(rows) == len(classes)
        for row, share in zip(rows, classes.values(), strict=True):
            assert float(row[1] or 0) == share.time_share
            busy = [share.busy_cycles.get(unit, 0) for unit in (*result.compute_units, "dma")]
            assert [int(cell or 0) for cell in row[2:]] == [*busy, share.macs, share.ops, share.dram_bytes]


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


def test_same_run_gives_the_same_bytes(run_page: tuple[Path, Result], tmp_path: Path) -> None:
    again, _ = written(tmp_path, "run")
    assert again.read_bytes() == run_page[0].read_bytes()


def test_report_changes_no_number_of_the_run(run_page: tuple[Path, Result], tmp_path: Path) -> None:
    target = tmp_path / "plain.json"
    more = ["--critical-path", "--json", str(target)]
    assert call(*COMMANDS["run"], *more)[0] == 0
    assert Result.model_validate_json(target.read_text()) == run_page[1]


def test_the_machine_is_shown_with_its_units(tmp_path: Path) -> None:
    target = tmp_path / "plain.html"
    memory = "dram={bandwidth: 12.5GB/s, latency: 100ns, efficiency: 0.8}"
    assert call(*COMMANDS["run"], "--set", memory, "--report", str(target))[0] == 0
    text = re.sub(r"<[^>]*>", " ", target.read_text())
    shown = dict(re.findall(r"([a-z]+(?:\.[a-z_]+)*)  +(\S.*?)  ", text))
    assert shown["clock"] == "250 MHz" and shown["sram.capacity"] == "2 MiB" and shown["energy.dram"] == "15 pJ/bit"
    of_dram = {key.removeprefix("dram."): value for key, value in shown.items() if key.startswith("dram.")}
    assert of_dram["timing"] == "none" and of_dram["efficiency"] == "0.8"
    assert (of_dram["bandwidth"], of_dram["latency"]) == ("12.5 GB/s", "100 ns")


def test_of_a_memory_of_ones_own_what_was_said_is_shown(tmp_path: Path) -> None:
    target = tmp_path / "own.html"
    figures = "dram.figures={rcd: 22, row_bytes: 4KiB, clock: 1GHz}"
    assert call(*COMMANDS["run"], "--set", figures, "--report", str(target))[0] == 0
    text = re.sub(r"<[^>]*>", " ", target.read_text())
    shown = dict(re.findall(r"dram\.figures\.([a-z_]+)  +(\S.*?)  ", text))
    assert shown == {"rcd": "22", "row_bytes": "4 KiB", "clock": "1000 MHz"}


def test_unwritable_report_is_told_before_the_run(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "r.html"
    check_refused([*COMMANDS["run"], "--report", str(target)], "does not exist")
