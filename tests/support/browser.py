"""A real, headless Chromium for tests of pages, offline.

A test module says ``pytest_plugins = ["tests.support.browser"]`` and uses the fixture ``offline_browser``. Its tests
are skipped where there is no Chromium (or Chrome) or no playwright.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from bench import browser
from bench.browser import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

INSIDE = ("file", "data", "blob", "about")
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass
class OfflineBrowser:
    """A browser context; ``requests`` are all that its pages made, ``refused`` those that would have left the machine.

    ``errors`` are the pages' uncaught exceptions and what they wrote to the console as an error.
    """

    context: BrowserContext
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, url: str) -> Page:
        """A new page that shows *url*."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.goto(url)
        return page

    def _pass_on(self, route: Route) -> None:
        url = route.request.url
        parts = urlsplit(url)
        self.requests.append(url)
        if parts.scheme in INSIDE or parts.hostname in LOCAL:
            route.continue_()
        else:
            self.refused.append(url)
            route.abort()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser that all tests of a session share."""
    if missing():
        pytest.skip(f"{missing()}: no test in a browser")
    with browser.chromium() as found:
        yield found


@pytest.fixture
def offline_browser(chromium: Browser) -> Iterator[OfflineBrowser]:
    """A fresh context that reaches only this machine."""
    context = chromium.new_context(service_workers="block", viewport={"width": 1600, "height": 1000})
    offline = OfflineBrowser(context)
    context.route("**/*", offline._pass_on)
    yield offline
    context.close()
