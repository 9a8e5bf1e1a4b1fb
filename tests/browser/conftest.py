"""A real Chromium (the system's own), a live server, and axe on every page that a journey looks at."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.world import PASSWORD, build

AXE = Path(__file__).resolve().parents[2] / "assets" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps an event loop in the test's thread


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.fail("browser tests need Debian's chromium on the PATH, or CHROMIUM set to one")
    return {**browser_type_launch_args, "executable_path": chromium, "args": QUIET}


@pytest.fixture
def stage(transactional_db, live_server):
    """The world of tests/world.py behind a live server."""
    world = build()
    world.address = live_server.url
    return world


@pytest.fixture
def visit(browser, stage):
    """Return a function that opens a page as somebody (or nobody): visit("ed", javascript=False, width=320)."""
    contexts = []

    def open_(name: str | None = None, *, javascript: bool = True, width: int = 1280):
        context = browser.new_context(
            java_script_enabled=javascript, viewport={"width": width, "height": 900}, base_url=stage.address
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.console_errors = []
        page.on("console", lambda said: page.console_errors.append(said.text) if said.type == "error" else None)
        if name:
            page.goto("/accounts/login/")
            page.fill("[name=login]", f"{name}@example.org")
            page.fill("[name=password]", PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_url("**/o/**")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def axe():
    """Return a function page -> list of "rule: where": what axe finds against WCAG 2.2 AA, sideways scrolling, and
    controls under 24 pixels, which axe lets pass where there is room around them."""
    source = AXE.read_text()

    def look(page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate(
            """tags => axe.run(document, {
                runOnly: {type: "tag", values: tags}, rules: {"target-size": {enabled: true}},
                resultTypes: ["violations"]
            })""",
            TAGS,
        )
        wrong = [
            f"{page.url} {violation['id']}: {node['target']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        too_wide = page.evaluate("document.scrollingElement.scrollWidth > document.documentElement.clientWidth + 1")
        small = page.evaluate(
            """[...document.querySelectorAll("button, input, select, [role=button]")].filter(each => {
                const box = each.getBoundingClientRect();
                const other = ["hidden", "checkbox", "radio"].includes(each.type);
                return !other && box.width && Math.min(box.width, box.height) < 24;
            }).map(each => each.outerHTML.slice(0, 80))"""
        )
        wrong += [f"{page.url} is smaller than 24 pixels: {each}" for each in small]
        return wrong + ([f"{page.url} scrolls sideways"] if too_wide else [])

    return look
