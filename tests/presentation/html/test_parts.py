"""Text in pages."""

from __future__ import annotations

from sim.presentation.html.parts import Cell, Row, Section, Table, section_html, table_html


def test_text_is_escaped() -> None:
    table = table_html(Table("t", ["<a>"], [Row([Cell('"&', "<b>", 1)], key='"x')]))
    section = section_html(Section("s", "<c>", "1 < 2", ""))
    assert "<a>" not in table and "<b>" not in table and 'data-key="&quot;x"' in table
    assert "<c>" not in section and "1 &lt; 2" in section
