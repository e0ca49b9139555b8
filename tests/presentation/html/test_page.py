"""Pages by themselves: nothing is fetched, and they work in a browser with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sim.accounting.result import Result
from sim.presentation.titles import TITLES
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
