"""The page about a sweep: its sections, its size, what it does in a browser."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

from sim.presentation.escaping import for_html
from sim.presentation.html.sweep_page import sweep_page
from sim.studies.figures import USUAL, Figure
from tests.support.command_line import call
from tests.support.reports import Report
from tests.support.studies import Formula, figures, rows
from tests.support.sweeps import small, written

if TYPE_CHECKING:
    from tests.support.browser import OfflineBrowser

pytest_plugins = ["tests.support.browser"]

SECTIONS = ["gains", "breaks", "maps", "tradeoffs", "lines", "failed", "table", "points"]
AXES = {"simd.lanes": [8, 16, 32], "sram.capacity": ["1MiB", "2MiB"]}
HOSTILE = "<script>alert(1)</script>\"'&"


class Elements(HTMLParser):
    """The elements of a page and their ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.ids += [value or "" for key, value in attrs if key == "id"]


def formula(at: dict[str, Any]) -> dict[str, Figure] | str:
    """Fails with 32 lanes and little SRAM; slower with 16 lanes than with 8 where there is little."""
    lanes, much = at["simd.lanes"], at["sram.capacity"] == "2MiB"
    if lanes == 32 and not much:
        return "sram: one layer needs <more>"
    speed = 20.0 * lanes if much else 100.0 - lanes
    return figures(speed, energy_mj_per_token=1.0 + lanes / 8, above_any_mapping=0.01 * lanes)


def page(folder: Path, made: Formula = formula, **keys: Any) -> str:
    """The page about a small sweep of points that come to what is *made* for them."""
    sweep = small(folder, **{"axes": AXES, "workload": ["mamba1", "mamba2"]} | keys)
    return sweep_page(sweep, rows(sweep, made), USUAL, "python -m sim sweep small.yaml -o out --format html")


def test_all_sections_and_what_they_say(tmp_path: Path) -> None:
    text = page(tmp_path, description="what lanes buy")
    assert [each for each in Elements(text).ids if each in SECTIONS] == SECTIONS
    report = Report(text)
    assert report.headline["points"] == "12" and report.headline["fastest mamba1"] == "640.0"
    assert "what lanes buy; 12 points along workload (2), simd.lanes (3), sram.capacity (2)" in report.text
    assert "python -m sim sweep small.yaml -o out --format html" in report.text
    assert "2 failed" in report.text and "sram: one layer needs <more>" in report.text
    assert "simd.lanes from 8 to 32: 4.00x (4.00x to 4.00x)." in report.text
    assert len(report.tables["breaks-table"]) == 1 + 2 and len(report.tables["points-table"]) == 1 + 12
    assert report.keys["front-table"][1:4] == ["point-2", "point-4", "point-6"]
    assert {mark["data-key"] for mark in report.of("tradeoff")} <= {f"point-{number}" for number in range(1, 13)}
    assert len(report.of("parallel")) == 12 + 6  # points, and scales


def test_links_lead_to_points_and_ids_are_there_once(tmp_path: Path) -> None:
    text = page(tmp_path)
    report, found = Report(text), Elements(text)
    assert all(address == "data:," or address[1:] in found.ids for address in report.addresses)
    assert len(set(found.ids)) == len(found.ids)


def test_gains_are_exact_values(tmp_path: Path) -> None:
    rows = Report(page(tmp_path)).tables["gains-table"]
    assert [float(row[2] or "nan") for row in rows[1:]] == pytest.approx([(160 / 92 * 320 / 84) ** 0.5, 4.0], rel=1e-9)


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    assert page(tmp_path) == page(tmp_path)


def test_names_may_be_anything(tmp_path: Path) -> None:
    def made(at: dict[str, Any]) -> dict[str, Figure] | str:
        found = formula(at)
        return f"{found} {HOSTILE}" if isinstance(found, str) else found | {"largest_stall": HOSTILE}

    def plain(at: dict[str, Any]) -> dict[str, Figure] | str:
        found = formula(at)
        return found if isinstance(found, str) else found | {"largest_stall": "x"}

    ours = page(tmp_path, made, workload=[f"{HOSTILE}1", f"{HOSTILE}2"], description=HOSTILE)
    simple = page(tmp_path, plain, workload=["a1", "a2"], description="x")
    assert "<script>alert" not in ours and for_html(HOSTILE) in ours
    for tag in ("script", "style", "td", "th", "tr", "section", "figure", "svg", "code", "a", "p", "details"):
        assert Elements(ours).seen.count(tag) == Elements(simple).seen.count(tag), tag


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"axes": {}, "workload": "mamba2"}, id="a point"),
        pytest.param({"axes": {}}, id="workloads"),
        pytest.param({"axes": {"batch": [1, 2]}, "workload": "mamba2"}, id="an axis"),
        pytest.param({"axes": {"batch": [1, 2], "chunk": [8, 16], "simd.lanes": [8, 16]}}, id="many axes"),
    ],
)
@pytest.mark.parametrize("made", [lambda _: figures(5.0), lambda _: "failed"], ids=["ran", "failed"])
def test_sweeps_of_all_kinds(made: Formula, keys: dict[str, Any], tmp_path: Path) -> None:
    assert {"table", "points"} <= set(Elements(page(tmp_path, made, **keys)).ids)


def test_a_thousand_points_are_quick_and_small(tmp_path: Path) -> None:
    axes = {"simd.lanes": [8 * n for n in range(1, 11)], "batch": [1, 2, 3, 4, 5],
            "sram.capacity": [f"{n}MiB" for n in range(1, 11)]}  # fmt: skip

    def made(at: dict[str, Any]) -> dict[str, Figure] | str:
        size = int(at["sram.capacity"][:-3])
        if at["batch"] * 2 > size + 5:
            return "sram: one layer needs more"
        return figures(at["simd.lanes"] ** 0.5 * size**0.3, energy_mj_per_token=size + at["simd.lanes"] / (size + 1))

    start = process_time()
    text = page(tmp_path, made, axes=axes)
    assert process_time() - start < 12  # some two seconds where nothing else runs
    assert len(text.encode()) < 3_000_000
    report = Report(text)
    assert len(report.tables["points-table"]) == 1001 and text.count('<details class="point"') == 1000
    assert "figures, bars and mapping stand only at 150 of them" in report.text


def test_more_points_are_left_out_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.presentation.html.study.MOST_SHOWN", 15)
    axes = {"simd.lanes": list(range(1, 26))}
    report = Report(page(tmp_path, lambda at: figures(float(at["simd.lanes"])), axes=axes, workload="mamba2"))
    shown = [int(row[0] or 0) for row in report.tables["points-table"][1:]]
    assert len(shown) == 15 and shown == sorted(shown) and 25 in shown  # the fastest
    assert max(later - former for former, later in pairwise(shown)) <= 4  # all over the axis
    assert len(report.of("tradeoff")) == 15 and len(report.data) == 15
    assert "15 of the 25 points are shown here; results.csv has all" in report.text


def test_the_command_writes_it(tmp_path: Path) -> None:
    path, out = written(tmp_path, axes={"simd.lanes": [8, 16]}), tmp_path / "out"
    code, _, error = call("sweep", str(path), "-o", str(out), "--workers", "1", "--format", "html", "-q")
    assert code == 0, error
    first = (out / "report.html").read_bytes()
    assert f"python -m sim sweep {path} -o out --format html".encode() in first
    assert call("sweep", str(path), "-o", str(out), "--format", "html", "-q")[0] == 0
    assert (out / "report.html").read_bytes() == first


# ------------------------------------------------------------------------------------------------------ in a browser


def test_it_works_in_a_browser(offline_browser: OfflineBrowser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(tmp_path))
    opened = offline_browser.open(path.as_uri())
    assert opened.locator("#map-boxes .measure:visible").count() == 1
    opened.get_by_role("button", name="The stall that binds").click()
    assert opened.locator("#map-binding-0").is_visible() and not opened.locator("#map-tokens_per_second-0").is_visible()
    opened.locator("#map-binding-0 a").first.click()
    assert opened.locator("#point-1").get_attribute("open") is not None
    heads = opened.locator("#points-table thead th")
    speed = heads.all_text_contents().index("tokens_per_second")
    heads.nth(speed).click()
    heads.nth(speed).click()
    assert opened.locator("#points-table tbody tr").first.get_attribute("data-key") == "point-6"
    assert opened.locator("#points-table tbody tr").last.inner_text().endswith("failed")
    assert offline_browser.errors == [] and offline_browser.refused == []


def test_a_range_on_a_scale_leaves_points_out(offline_browser: OfflineBrowser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    text = page(tmp_path)
    path.write_text(text)
    data = json.loads(text.partition('id="sweep-data">')[2].partition("</script>")[0])
    opened = offline_browser.open(path.as_uri())
    scale = opened.locator('.mark[data-scale="3"]')
    scale.scroll_into_view_if_needed()
    box = scale.bounding_box()
    assert box is not None
    opened.mouse.move(box["x"] + 3, box["y"] + 1)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2, steps=3)
    opened.mouse.up()
    fast = [key for key, at in data.items() if at[3] is not None and at[3] >= 0.47]
    assert opened.locator("#lines-view output").inner_text() == f"{len(fast)} of 12 points"
    kept = opened.locator("#points-table tbody tr:not(.out)").evaluate_all("rows => rows.map(each => each.dataset.key)")
    assert kept == fast
    opened.keyboard.press("Escape")
    assert opened.locator("#points-table tr.out").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(scheme: Any, offline_browser: OfflineBrowser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(tmp_path))
    opened = offline_browser.open(path.as_uri())
    opened.set_viewport_size({"width": 420, "height": 800})
    opened.emulate_media(color_scheme=scheme)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 420
