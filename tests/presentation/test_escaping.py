"""Hostile names: what each kind of output makes of them, and that no figure, page or table breaks."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from sim.accounting.result import Result
from sim.explanation.compare import Comparison, compare
from sim.explanation.explain import explain
from sim.explanation.findings import Explanation
from sim.explanation.laboratory import Laboratory
from sim.files.characters import visible
from sim.files.resolve import build_workload, read_inputs
from sim.presentation.escaping import code_for_markdown, for_html, for_markdown
from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.catalogue import FIGURES, Evidence, draw
from sim.presentation.figures.export import as_svg, write
from sim.presentation.graph import dot, svg, text
from sim.presentation.html.experiment_pages import comparison_page
from sim.presentation.markdown import comparison, explanation, table
from sim.presentation.terminal.result import as_text
from tests.support.figures import SMALL
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph

HOSTILE = [
    pytest.param("a|b", id="bar"),
    pytest.param("`x` ``y``", id="backticks"),
    pytest.param("<script>alert(1)</script>", id="element"),
    pytest.param("a & b &amp; c", id="entity"),
    pytest.param("$\\frac{1}{$ and $x$", id="maths"),
    pytest.param("[bold red]x[/] [link](http://nowhere)", id="markup"),
    pytest.param("_hidden_ *x* __y__", id="emphasis"),
    pytest.param("# 1. - x", id="block"),
    pytest.param("1. first", id="list"),
    pytest.param("\"quoted' \\N \\", id="quotes"),
    pytest.param("\x1b[31mred\x07\r\n\x00", id="control"),
    pytest.param("\u202eesrever\u2066\u200f", id="bidirectional"),
    pytest.param("\ud800 \ufffe \u2028", id="no characters"),
    pytest.param("x" * 5000, id="long"),
    pytest.param("", id="empty"),
]
ALL = " ".join(str(each.values[0]) for each in HOSTILE)
hostile = pytest.mark.parametrize("name", HOSTILE)


@pytest.mark.parametrize(
    ("escaped", "expected"),
    [
        pytest.param(visible("mamba3_mimo"), "mamba3_mimo", id="a name"),
        pytest.param(for_html("Größe 模型"), "Größe 模型", id="letters of all scripts"),
        pytest.param(visible("a\x1b[1m\n\u202e\ud800\uffff"), "a\\x1b[1m\\n\\u202e\\ud800\\uffff", id="invisible"),
        pytest.param(for_html("<a b=\"c\">'&\x00"), "&lt;a b=&quot;c&quot;&gt;&#x27;&amp;\\x00", id="html"),
        pytest.param(for_markdown("mac_array and 2x MACs (1.5x)"), "mac_array and 2x MACs (1.5x)", id="words"),
        pytest.param(for_markdown("_a_ *b* [c](d) <e> `f` g|h $i$"),
                     r"\_a\_ \*b\* \[c\](d) \<e\> \`f\` g\|h \$i\$", id="markdown"),
        pytest.param(for_markdown("- a"), r"\- a", id="a list"),
        pytest.param(for_markdown("1. a"), r"1\. a", id="a numbered list"),
        pytest.param(code_for_markdown("run a"), "`run a`", id="code"),
        pytest.param(code_for_markdown("a `b` ``c``"), "``` a `b` ``c`` ```", id="code with backticks"),
    ],
)  # fmt: skip
def test_escaped(escaped: str, expected: str) -> None:
    assert escaped == expected


@pytest.fixture(scope="module")
def explained() -> Explanation:
    wishes, machine = read_inputs("mamba2", "edge", [*SMALL, "layers=1", "mapping.placement=simd"])
    return explain(Laboratory(build_workload(wishes), machine, wishes))


def named(result: Result, name: str) -> Result:
    """*result* with *name* for everything that a file can name."""
    streams = [stream.model_copy(update={"name": name, "operations": [name, "b"]}) for stream in result.streams]
    buffers = [buffer.model_copy(update={"name": f"{name}{at}"}) for at, buffer in enumerate(result.mapping.buffers)]
    mapping = result.mapping.model_copy(
        update={"buffers": buffers, "stepped": [name], "spilled": [name], "placement": {name: "simd"}}
    )
    path = [
        part.model_copy(update={"operation_class": f"{part.operation_class}{name}"})
        for part in result.critical_path or ()
    ]
    told = {"workload": name, "machine": name, "model": name, "streams": streams, "mapping": mapping}
    return result.model_copy(update=told | {"critical_path": path, "by_class": {name: result.by_class["projection"]}})


def all_named(found: Explanation, name: str) -> Explanation:
    what_ifs = [each.model_copy(update={"name": f"{at}{name}"}) for at, each in enumerate(found.what_ifs)]
    told = {"command": f"run {name}", "words": f"{name} takes", "what_ifs": what_ifs}
    return found.model_copy(update=told | {"result": named(found.result, name)})


def compared(found: Explanation, name: str) -> Comparison:
    return compare([named(found.result, name), found.result], [f"{name} on {name}", "own"], f"compare {name}")


def evidence(found: Explanation, name: str) -> Evidence:
    return Evidence(
        named(found.result, name), 2**21, explanation=all_named(found, name), comparison=compared(found, name)
    )


@pytest.mark.parametrize("name", ["", ALL], ids=["empty", "all"])
@pytest.mark.parametrize("figure", ["waterfall", "units", "critical-path", "sram", "what-ifs", "comparison"])
def test_figures_are_xml(figure: str, name: str, explained: Explanation) -> None:
    assert figure in FIGURES
    with print_style():
        drawn = as_svg(draw(figure, evidence(explained, name), 3.4, "test"), "figure")
    assert ElementTree.fromstring(drawn.encode()).tag.endswith("svg")
    assert "\x1b" not in drawn and "\u202e" not in drawn


def test_figures_can_be_printed(explained: Explanation, tmp_path: Path) -> None:
    with print_style():
        write(draw("comparison", evidence(explained, ALL), 3.4, "test"), tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_terminal_shows_a_name_as_it_is(name: str, explained: Explanation) -> None:
    shown = as_text(named(explained.result, name), width=20_000)
    assert shown.startswith(f"{visible(name)} on {visible(name)}: ".strip())
    assert f"{visible(name)}, b" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_markdown_keeps_its_tables(name: str, explained: Explanation) -> None:
    """Rendered, every table has the rows and columns that it has with a plain name; the name is text."""
    parser = MarkdownIt().enable("table")
    for make in (lambda n: explanation(all_named(explained, n)), lambda n: comparison(compared(explained, n))):
        ours, simple = (parser.render(make(each)) for each in (name, "x"))
        for tag in ["<table>", "<tr>", "<td", "<th", "<h1>", "<h2>", "<code>", "<p>", "<a", "<em>", "<strong>", "<ul>"]:
            assert ours.count(tag) == simple.count(tag), tag
        assert for_html(name).replace("&#x27;", "'").strip() in ours


def test_a_table_ends_no_cell_at_a_bar() -> None:
    assert table(["a", "b"], [["x|y", r"x\|y"]]).splitlines()[-1] == r"| x\|y | x\|y |"


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def test_pages_have_the_same_elements_whatever_the_names(explained: Explanation) -> None:
    pages = []
    for each in (ALL, "x"):
        found = compare(
            [named(explained.result, each), named(explained.result, each)],
            [f"{each} 1", f"{each} 2"],
            f"compare {each}",
        )
        pages.append(comparison_page(found, [named(explained.result, each)] * 2))
    pages[0].encode()
    assert "\x1b" not in pages[0] and "\u202e" not in pages[0]
    ours, simple = (Elements(page).seen for page in pages)
    for tag in ("script", "style", "td", "th", "tr", "section", "figure", "svg", "code", "a", "p"):
        assert ours.count(tag) == simple.count(tag), tag


def graph_named(name: str) -> TimestepGraph:
    builder = GraphBuilder(name, {"d": 4}, "u[t,d]")
    builder.define(f"{name}1", f"{name}kind", "h[t,d] = a[d] * h[t-1,d] + u[t,d]")
    builder.define(f"{name}2", "gate", "y[t,d] = silu(h[t,d])")
    return builder.build("y")


@pytest.mark.parametrize("name", ["$x$_1", "\x1b\u202e<&"])
def test_graphs_are_xml(name: str) -> None:
    assert ElementTree.fromstring(svg.as_svg(graph_named(name)).encode()).tag.endswith("svg")


@hostile
@pytest.mark.parametrize("draw_text", [dot.as_dot, text.as_text])
def test_graphs_are_text(draw_text: Callable[[TimestepGraph], str], name: str) -> None:
    assert all(line.isprintable() for line in draw_text(graph_named(name)).split("\n"))
