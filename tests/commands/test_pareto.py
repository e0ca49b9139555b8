"""The command pareto."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.command_line import call, check_refused

TABLE = """simd.lanes,seconds,energy,area_mm2,busiest_unit,largest_stall,meets,best,error
8,10.0,1.0,1.0,simd,waits_for_mac_array,true,true,
16,2.0,2.0,1.5,simd,waits_for_mac_array,true,true,
32,1.0,10.0,2.0,mac_array,dram_bandwidth,true,true,
64,3.0,11.0,3.0,mac_array,dram_bandwidth,true,false,
128,0.1,0.1,0.1,mac_array,dram_bandwidth,false,false,
256,,,,,,,,does not fit
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a search wrote."""
    (tmp_path / "results.csv").write_text(TABLE)
    (tmp_path / "answer.json").write_text('{"minimise": ["seconds", "energy"], "maximise": []}')
    return tmp_path


def test_the_front_of_the_goal_is_drawn_and_printed(folder: Path) -> None:
    code, output, _ = call("pareto", str(folder))
    assert code == 0 and "3 of 4 points" in output
    (knee,) = [line for line in output.splitlines() if line.endswith("knee")]
    assert knee.split()[:3] == ["2", "2", "16"]
    before = (folder / "pareto.svg").read_bytes()
    root = ElementTree.fromstring(before)
    titles = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "seconds 2, energy 2: simd: waits for mac array" in titles
    assert call("pareto", str(folder), "-q") == (0, "", "") and (folder / "pareto.svg").read_bytes() == before


def test_the_front_as_json(folder: Path) -> None:
    code, output, _ = call("pareto", str(folder), "--json", "-")
    found = json.loads(output)
    assert code == 0 and (found["minimise"], found["maximise"], found["others"]) == (["seconds", "energy"], [], 1)
    assert [(row["simd.lanes"], row["knee"]) for row in found["front"]] == [(32, False), (16, True), (8, False)]


def test_three_figures_and_other_formats(folder: Path) -> None:
    asked = ["--minimise", "seconds", "--minimise", "area_mm2", "--maximise", "energy"]
    code, output, _ = call("pareto", str(folder), *asked, "-o", str(folder / "front.png"))
    assert code == 0 and "4 of 4 points" in output and (folder / "front.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--minimise", "seconds"], "found seconds, expected two or three figures"),
        (["--minimise", "seconds", "--maximise", "seconds"], "expected two or three figures"),
        (["--minimise", "seconds", "--minimise", "enrgy"], "is called 'enrgy'; did you mean 'energy'"),
        (["-o", "front.txt"], "expected one of .svg, .png, .pdf"),
    ],
)  # fmt: skip
def test_mistakes(arguments: list[str], message: str, folder: Path) -> None:
    check_refused(["pareto", str(folder), *arguments], message)


def test_a_folder_without_a_table(tmp_path: Path) -> None:
    check_refused(
        ["pareto", str(tmp_path), "--minimise", "a", "--minimise", "b"], "no such file; sweep and search write it"
    )
