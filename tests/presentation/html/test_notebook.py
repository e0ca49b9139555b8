"""A result in a notebook: bars that sum to the makespan, in a fragment that needs nothing and breaks nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from sim.accounting.result import Result
from sim.presentation.bars import unit_bars
from sim.simulation import run
from tests.support.figures import job

if TYPE_CHECKING:
    from tests.support.browser import OfflineBrowser

pytest_plugins = ["tests.support.browser"]


@pytest.fixture(scope="module")
def result() -> Result:
    return run(job())


def test_text_is_what_print_shows(result: Result) -> None:
    """The file of a notebook has it beside the page, which is why it is not all of the fields."""
    shown: list[str] = []
    result._repr_pretty_(SimpleNamespace(text=shown.append), False)
    assert shown == [str(result)] and len(shown[0]) < len(repr(result)) / 3


def test_every_bar_is_as_long_as_the_makespan(result: Result) -> None:
    html = result._repr_html_()
    widths = [
        [float(width) for width in re.findall(r'style="width:([\d.]+)%;overflow', bar)]
        for bar in re.findall(r"height:1\.5em\">(.*?)</td>", html)
    ]
    assert len(widths) == len(unit_bars(result))
    assert all(sum(each) == pytest.approx(100, abs=0.02) for each in widths)


@pytest.mark.parametrize(
    "said",
    ["tokens a second", "MAC array works", "paper's roofline", "resource bound", "recurrence bound", "useful work",
     "2 of the model's 48 layers"],
)  # fmt: skip
def test_it_says(said: str, result: Result) -> None:
    assert said in result._repr_html_().replace("&#x27;", "'")


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {key for key, _ in attrs}


@pytest.mark.parametrize("name", ["x", "<script>alert(1)</script>", '" onclick="x', "\u202e\x1b$a$|`"])
def test_a_fragment_that_fetches_and_runs_nothing(name: str, result: Result) -> None:
    html = result.model_copy(update={"workload": name, "machine": name, "model": name})._repr_html_()
    tags = Tags(html)
    assert tags.seen <= {"div", "span", "b", "br", "i", "table", "tbody", "tr", "th", "td"}
    assert tags.attributes <= {"style", "title"}
    assert "url(" not in html
    ElementTree.fromstring(html.replace("<br>", "<br/>"))


@pytest.mark.parametrize("width", [420, 1280])
@pytest.mark.parametrize(("paper", "ink"), [("#ffffff", "rgb(17, 17, 17)"), ("#111111", "rgb(221, 221, 221)")])
def test_it_reads_in_light_and_dark_notebooks(
    width: int, paper: str, ink: str, result: Result, offline_browser: OfflineBrowser
) -> None:
    page = offline_browser.open("about:blank")
    page.set_viewport_size({"width": width, "height": 800})
    page.set_content(f'<body style="background:{paper};color:{ink}">{result._repr_html_()}</body>')
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colours = page.locator("th, td").evaluate_all("cells => cells.map(cell => getComputedStyle(cell).color)")
    assert set(colours) == {ink}
