"""A whole page: head with style and script inside, headline figures, table of contents, sections, how to repeat it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from sim.presentation.escaping import for_html
from sim.presentation.html.headline import HeadlineNumber
from sim.presentation.html.parts import Section, section_html
from sim.version import __version__

# Refuses whatever is not in the page, also to a browser that would fetch an icon for it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="stallscope {version}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}{more_style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="about">{about}</p>
<dl class="headline">
{headline}</dl>
<p class="verdict">{verdict}</p>
<p>Written by</p>
<pre id="command"><code>{command}</code></pre>
<p>with stallscope <span id="version">{version}</span>. The same command writes the same bytes.</p>
<nav aria-label="Sections"><ul>
{contents}</ul></nav>
</header>
<main>
{sections}</main>
<div id="tip" role="status" hidden></div>
{data}<script>
{script}{more_script}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Page:
    """All of a page; ``data`` is HTML that the script reads, ``kind`` the name of a style and script of its own."""

    title: str
    about: str
    headline: Sequence[HeadlineNumber]
    verdict: str
    command: str
    sections: Sequence[Section]
    data: str = ""
    kind: str = ""


def page_html(page: Page) -> str:
    """*page* as one HTML file that needs nothing else."""
    folder = files("sim.presentation.html")
    contents = "".join(f'<li><a href="#{for_html(s.name)}">{for_html(s.title)}</a></li>\n' for s in page.sections)
    return _TEMPLATE.format(
        policy=_POLICY,
        version=for_html(__version__),
        title=for_html(page.title),
        style=(folder / "page.css").read_text(encoding="utf-8"),
        about=for_html(page.about),
        headline="".join(map(_headline, page.headline)),
        verdict=for_html(page.verdict),
        command=for_html(page.command),
        contents=contents,
        sections="".join(map(section_html, page.sections)),
        data=page.data,
        script=(folder / "page.js").read_text(encoding="utf-8"),
        more_style=(folder / f"{page.kind}.css").read_text(encoding="utf-8") if page.kind else "",
        more_script=(folder / f"{page.kind}.js").read_text(encoding="utf-8") if page.kind else "",
    )


def _headline(number: HeadlineNumber) -> str:
    value = f'<span class="value">{for_html(number.text)}</span>'
    note = f'<span class="note">{for_html(number.note)}</span>'
    attributes = f'data-name="{for_html(number.name)}" data-value="{for_html(str(number.value))}"'
    return f"<div {attributes}><dt>{for_html(number.name)}</dt><dd>{value} {note}</dd></div>\n"
