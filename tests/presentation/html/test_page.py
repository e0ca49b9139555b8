"""Pages by themselves: nothing is fetched, and they work in a browser with and without JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from sim.accounting.result import Result
from sim.presentation.titles import title
from tests.support.reports import COMMANDS, Report

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.support.browser import OfflineBrowser

pytest_plugins = ["tests.support.browser"]


@pytest.mark.parametrize("name", COMMANDS)
def test_page_names_no_other_address_and_stays_small(name: str, request: pytest.FixtureRequest) -> None:
    page: Path = request.getfixturevalue({"run": "run_page", "explain": "explained", "compare": "compared"}[name])[0]
    report = Report(page.read_text())
    assert all(address.startswith(("#", "data:,")) for address in report.addresses)
    assert page.stat().st_size < 1_000_000
    assert f"python -m sim {name} mamba2" in report.text
    assert "--report report.html" in report.text


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
    assert opened.locator(f'#units-table tr.on[data-key="{key}"]').text_content().startswith(title(key))  # type: ignore[union-attr]
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


@pytest.mark.parametrize("name", ["run_page", "explained", "compared"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_telephone_and_follow_the_scheme(
    name: str, scheme: Literal["light", "dark"], offline_browser: OfflineBrowser, request: pytest.FixtureRequest
) -> None:
    written = request.getfixturevalue(name)[0]
    opened = offline_browser.open(written.as_uri())
    opened.set_viewport_size({"width": 420, "height": 800})
    opened.emulate_media(color_scheme=scheme)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 420
    paper, ink = {
        "light": ("rgb(255, 255, 255)", "rgb(26, 26, 26)"), "dark": ("rgb(22, 22, 22)", "rgb(230, 230, 230)")
    }[scheme]  # fmt: skip
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    said = opened.locator("figure > svg text").first
    assert said.evaluate("text => getComputedStyle(text).fill") == ink
    assert offline_browser.errors == []


def test_a_page_changes_with_the_scheme_while_it_is_open(opened: Page) -> None:
    canvas = in_sight(opened.locator("#timeline-view canvas"))
    for scheme, corner in (("dark", 22), ("light", 255)):
        opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        opened.wait_for_timeout(100)  # two frames, and some more
        pixel = "canvas => [...canvas.getContext('2d').getImageData(2, 2, 1, 1).data]"
        assert canvas.evaluate(pixel) == [corner, corner, corner, 255]


@pytest.mark.parametrize(
    ("slices", "share"),
    [
        pytest.param([(1, 0), (1, 1)], 0.5, id="half of the time"),
        pytest.param([(3, 0), (1, 1)], 0.75, id="three quarters"),
        pytest.param([(2, 0)], 1.0, id="all of it"),
    ],
)
def test_narrow_slices_are_drawn_as_a_share(
    slices: list[tuple[int, int]], share: float, offline_browser: OfflineBrowser, run_page: tuple[Path, Result],
    tmp_path: Path,
) -> None:  # fmt: skip
    """Many requests a pixel: the colour of the work ends at the same height in all columns, so nothing beats."""
    numbers = [number for cycles, label in slices * 6000 for number in (0, cycles, label, 0, 1)]
    data = {
        "start": 1000, "end": 1000 + sum(numbers[1::5]), "clock": 10**9, "places": [""], "lanes": [["SIMD", numbers]],
        "labels": [[0, "state", "#ff0000", "update", "state"], [1, "start", "#0000ff", "", "start"]],
    }  # fmt: skip
    text = re.sub(
        r'(?<=id="timeline-data">).*?(?=</script>)', lambda _: json.dumps(data), run_page[0].read_text(), count=1
    )
    (tmp_path / "x.html").write_text(text)
    canvas = in_sight(offline_browser.open((tmp_path / "x.html").as_uri()).locator("#timeline-view canvas"))
    heights = canvas.evaluate(RED)
    assert heights == pytest.approx([34 * share] * len(heights), abs=1.01)


RED = """canvas => [300, 401, 502, 603, 704].map(x => {
  const image = canvas.getContext("2d").getImageData(x, 0, 1, 60).data;
  let red = 0;
  for (let y = 0; y < 60; y++) if (image[4 * y] > 200 && image[4 * y + 1] < 60 && image[4 * y + 2] < 60) red++;
  return red;
})"""  # pixels of that colour in some columns


def test_axis_caption_and_tooltip_count_from_the_same_zero(opened: Page, run_report: tuple[Report, Result]) -> None:
    data = run_report[0].data
    view = in_sight(opened.locator("#timeline-view canvas"))
    length = data["end"] - data["start"]
    shown = opened.locator("#timeline-view output").text_content() or ""
    assert shown.startswith(f"cycles 0 to {length:,} of {length:,}")
    view.hover(position={"x": 121, "y": 30})
    assert " cycles from 0 to " in (opened.locator("#tip").text_content() or "")
    caption = opened.locator("#timeline-view figcaption").text_content() or ""
    assert f"cycle 0 here is cycle {data['start']:,}" in caption


@pytest.mark.parametrize("name", ["explained", "compared"])
def test_experiments_show_in_a_browser(
    name: str, offline_browser: OfflineBrowser, request: pytest.FixtureRequest
) -> None:
    opened = offline_browser.open(request.getfixturevalue(name)[0].as_uri())
    mark = {"explained": '"what-ifs"', "compared": '"comparison"][data-part="projection on MAC array"'}[name]
    in_sight(opened.locator(f"[data-figure={mark}]").first).hover(force=True)  # another may lie upon it
    assert opened.locator("#tip").is_visible()
    assert offline_browser.errors == [] and offline_browser.refused == [] and len(offline_browser.requests) == 1
