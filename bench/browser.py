"""A headless Chromium, for pictures of pages and for tests of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def missing() -> str:
    """What there is no browser for want of; nothing if there is one."""
    from importlib.util import find_spec

    if find_spec("playwright") is None:
        return "playwright is not installed"
    return "" if _program() else f"found none of {', '.join(NAMES)}"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, while the block runs; there has to be nothing :func:`missing`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_program(), headless=True, args=list(FLAGS))
        yield browser
        browser.close()


def _program() -> str | None:
    return next((found for found in map(shutil.which, NAMES) if found), None)
