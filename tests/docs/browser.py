"""Debian's chromium without a screen, driven by its own chromedriver; nothing is downloaded."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("selenium", reason="it drives a browser: pip install selenium")

from selenium import webdriver
from selenium.webdriver import ActionChains, Keys

__all__ = ["Keys", "chromium", "mouse", "prefer", "resize"]
FLAGS = (
    "--headless",
    "--no-sandbox",  # root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser; skip the test where it or what drives it is not installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("apt-get install chromium chromium-driver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        page = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        try:
            page.set_script_timeout(60)
            yield page
        finally:
            page.quit()


def resize(page: Any, width: int, height: int) -> None:
    """Give the page a width below the smallest window, too."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def prefer(page: Any, scheme: str) -> None:
    """Light or dark, as a reader's system asks for it."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def mouse(page: Any) -> ActionChains:
    """Return a mouse that moves at once."""
    return ActionChains(page, duration=0)
