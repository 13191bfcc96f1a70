"""The pages for people in headless Chromium: from a server, from a disk, without JavaScript, with hostile packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

from tests.conformance.instance import Instance, serving
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_binary, make_r_source

pytestmark = pytest.mark.browser

SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQ==\n=AbCd\n-----END PGP SIGNATURE-----\n"
README = "# Tea\n\nHow to make *tea*.\n\n```python\nimport browser_tea\n```\n\n![a kettle](https://images.example.org/kettle.png)\n"
MARKDOWN = [("Description-Content-Type", "text/markdown"), ("Summary", "Makes tea")]

SCRIPT = "<script>document.title = 'taken'; alert(1)</script><img src=x onerror=\"alert(1)\"><svg onload=alert(1)>"
HOSTILE_README = f"""\
{SCRIPT}

[click](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) <a href="java&#9;script:alert(1)">tab</a>

<iframe src="https://evil.example.org/"></iframe> ![spy](https://evil.example.org/spy.png)
<style>* {{ display: none }}</style> <form action="https://evil.example.org/"><button>go</button></form>
"""
HOSTILE = [
    ("Summary", f"harmless \"'> {SCRIPT}"),
    ("Author", f"Mallory {SCRIPT}"),
    ("Keywords", f'</script>"{SCRIPT}'),
    ("Home-page", "vnd.evil:alert(document.domain)"),
    ("Project-URL", "Evil, file:///etc/passwd"),
    ("Project-URL", f'{SCRIPT[:30]}, https://evil.example.org/"onmouseover="alert(1)'),
    ("Description-Content-Type", "text/markdown"),
]
R_HOSTILE = {
    "Title": f"harmless {SCRIPT}",
    "Author": f"Mallory {SCRIPT} [aut, cre] (<javascript:alert(1)>), {SCRIPT} [ctb]",
    "Description": f'See <https://evil.example.org/"onmouseover="alert(1)> and {SCRIPT}.',
    "URL": f"javascript:alert(1), {SCRIPT}",
    "BugReports": "vnd.evil:alert(document.domain)",
    "SystemRequirements": SCRIPT,
    "Language": SCRIPT,
}


@dataclass
class Seen:
    """What a page asked for, and what it did that it should not have done: anything on the console, too."""

    amiss: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def instance(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A signed project, a hostile one, and some others; of R a package in two versions and a hostile one."""
    folder = tmp_path_factory.mktemp("browser")
    made = [
        make_wheel(folder, "Browser.Tea", extra_metadata=MARKDOWN, description=README),
        make_sdist(folder, "Browser.Tea", extra_metadata=MARKDOWN, description=README),
        make_wheel(folder, "browser-hostile", extra_metadata=HOSTILE, description=HOSTILE_README),
        *(make_wheel(folder, f"browser-other-{number}") for number in range(5)),
    ]
    for path in made[:2]:
        path.with_name(f"{path.name}.asc").write_bytes(SIGNATURE)
    with serving(folder / "home", client) as served:
        served.repogen("add", "--source", "local-python", *made)
        served.repogen("yank", "browser-hostile", "1.0", "--source", "local-python", "--reason", SCRIPT)
        news = b"# Data.Tea 2.0\n\n* Better *tea*.\n"
        served.repogen(
            *("add", "--source", "local-r"),
            make_r_source(folder, "Data.Tea", "1.0"),
            make_r_source(folder, "Data.Tea", "2.0", fields={"Suggests": "hostile"}, files={"NEWS.md": news}),
            make_r_source(folder, "hostile", fields=R_HOSTILE, files={"NEWS.md": HOSTILE_README.encode()}),
        )
        binaries = folder / "binaries"
        binaries.mkdir()
        binary = make_r_binary(binaries, "Data.Tea", "2.0")
        served.repogen("add", "--source", "local-r", "--distribution", "jammy-x86_64", binary)
        yield served


@pytest.fixture(scope="module")
def browser(client: Client) -> Iterator[Browser]:
    """Chromium, which finds no host but this machine."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=client("chromium"), args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        yield launched
        launched.close()


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[tuple[Page, Seen]]:
    """A page in a context of its own; at the end nothing may have been amiss, and nobody else been asked."""
    seen = Seen()

    def note(what: str, url: str) -> None:
        seen.amiss.append(f"{what} {url}")

    def dismiss(dialog: Dialog) -> None:
        note(f"dialog: {dialog.message}", page.url)
        dialog.dismiss()

    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("console", lambda message: note(f"{message.type}: {message.text}", message.location["url"]))
    page.on("pageerror", lambda error: note(str(error), page.url))
    page.on("dialog", dismiss)
    page.on("request", lambda request: seen.requests.append(request.url))
    yield page, seen
    context.close()
    assert seen.amiss == []
    assert {urlsplit(url).hostname for url in seen.requests} <= {"127.0.0.1", None}


def start(instance: Instance, served: str) -> str:
    """Where the first page is, over HTTP or from the disk."""
    return f"{instance.address}/" if served == "http" else f"{(instance.home / 'site' / 'index.html').as_uri()}"


SERVED = pytest.mark.parametrize("served", ["http", "file"])


@SERVED
def test_search_to_signature(instance: Instance, browser: Browser, served: str) -> None:
    """By the keyboard alone one searches a repository and opens a project; its SIGNED label is green, and leads on."""
    with opened(browser) as (page, _):
        page.goto(start(instance, served))
        page.get_by_role("link", name="python", exact=True).click()
        expect(page.get_by_role("searchbox")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("tea")
        expect(page.get_by_role("status")).to_have_text("1 project matches.")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Browser.Tea")
        labels = page.locator("a.signed", has_text="SIGNED")
        expect(labels).to_have_count(2)
        colour = "node => getComputedStyle(node).backgroundColor.match(/[0-9.]+/g).map(Number)"
        red, green, blue = labels.first.evaluate(colour)[:3]
        assert green > red
        assert green > blue
        wheel = page.locator("tr", has_text="browser_tea-1.0-py3-none-any.whl")
        link = wheel.locator("a.signed")
        address = link.evaluate("node => node.href")
        assert address.endswith("/browser_tea-1.0-py3-none-any.whl.asc")
        if served == "http":
            link.click()
            expect(page.locator("body")).to_contain_text("BEGIN PGP SIGNATURE")
            assert page.url == address
        else:
            assert Path(urlsplit(address).path).read_bytes() == SIGNATURE


@SERVED
def test_hostile_package(instance: Instance, browser: Browser, served: str) -> None:
    """What a package says of itself is shown as text, and does nothing, wherever it is shown."""
    with opened(browser) as (page, seen):
        page.goto(start(instance, served))
        page.get_by_role("link", name="python", exact=True).click()
        expect(page.get_by_role("searchbox")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("hostile")
        expect(page.get_by_role("status")).to_have_text("1 project matches.")
        expect(page.locator("#found")).to_contain_text("<script>")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("browser-hostile")
        for text in ("harmless", "Mallory"):
            expect(page.locator("body")).to_contain_text(text)
        expect(page.locator("p.alarm")).to_contain_text("<script>")
        assert page.title() != "taken"
        for forbidden in ("script", "iframe", "style", "img", "svg", "#readme form", "[onerror]", "[onload]"):
            assert page.locator(f"main {forbidden}").count() == 0
        links = page.locator("main a").evaluate_all("nodes => nodes.map(node => node.protocol)")
        assert set(links) <= {"http:", "https:", "file:", "mailto:"}
        page.wait_for_load_state("networkidle")
        assert not [url for url in seen.requests if "evil" in url]


@SERVED
def test_without_javascript(instance: Instance, browser: Browser, served: str) -> None:
    """Without JavaScript there is no search, and everything else."""
    with opened(browser, java_script_enabled=False) as (page, _):
        page.goto(start(instance, served))
        page.get_by_role("link", name="python", exact=True).click()
        expect(page.get_by_role("searchbox")).to_have_count(0)
        page.get_by_role("link", name="Browser.Tea").click()
        expect(page.locator("a.signed", has_text="SIGNED")).to_have_count(2)
        expect(page.locator("#readme")).to_contain_text("How to make tea.")
        expect(page.locator("#readme a", has_text="a kettle")).to_have_attribute(
            "href", "https://images.example.org/kettle.png"
        )


@SERVED
def test_r_package(instance: Instance, browser: Browser, served: str) -> None:
    """It is found whatever the case of what one types, and shows its files, its news and who depends on it."""
    with opened(browser) as (page, _):
        page.goto(start(instance, served))
        page.get_by_role("link", name="r", exact=True).click()
        expect(page.get_by_role("searchbox")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("data.tea")
        expect(page.get_by_role("status")).to_have_text("1 package matches.")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Data.Tea 2.0")
        expect(page.locator("#files")).to_contain_text("jammy")
        expect(page.locator("#news")).not_to_contain_text("Better tea.", use_inner_text=True)
        page.locator("#news summary").click()
        expect(page.locator("#news")).to_contain_text("Better tea.", use_inner_text=True)
        page.locator("#requirements").get_by_role("link", name="hostile").click()
        expect(page.locator("#dependents")).to_contain_text("Reverse suggests")
        page.locator("#dependents").get_by_role("link", name="Data.Tea").click()
        page.get_by_role("link", name="1.0", exact=True).click()
        expect(page.locator("body")).to_contain_text('remotes::install_version("Data.Tea", version = "1.0"')


@SERVED
def test_hostile_r_package(instance: Instance, browser: Browser, served: str) -> None:
    """What a DESCRIPTION and NEWS say is shown as text, and does nothing."""
    with opened(browser) as (page, _):
        page.goto(start(instance, served))
        page.get_by_role("link", name="r", exact=True).click()
        page.get_by_role("link", name="hostile").click()
        page.locator("#news summary").click()
        for text in ("harmless", "Mallory", "javascript:alert(1)", "vnd.evil:alert"):
            expect(page.locator("body")).to_contain_text(text)
        assert page.title() != "taken"
        for forbidden in ("script", "iframe", "style", "img", "svg", "form", "[onerror]", "[onload]", "[onmouseover]"):
            assert page.locator(f"main {forbidden}").count() == 0
        links = page.locator("main a").evaluate_all("nodes => nodes.map(node => node.protocol)")
        assert set(links) <= {"http:", "https:", "file:", "mailto:"}


@pytest.mark.parametrize(
    "path",
    [
        *("", "python/", "python/packages/browser-tea/", "python/packages/browser-hostile/"),
        *("r/", "r/packages/Data.Tea/", "r/packages/Data.Tea/1.0/", "r/packages/hostile/"),
    ],
)
def test_phone_in_the_dark(instance: Instance, browser: Browser, path: str) -> None:
    """On a narrow screen nothing sticks out to the side, and who prefers dark pages gets them."""
    with opened(browser, viewport={"width": 360, "height": 640}, color_scheme="dark") as (page, _):
        page.goto(f"{instance.address}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)")
        assert sum(colour[:3]) < 200


def test_copying(instance: Instance, browser: Browser) -> None:
    """The lines to copy hold this server's own address, and a button copies them."""
    with opened(browser, permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        page.goto(f"{instance.address}/python/packages/browser-tea/")
        line = page.locator("figure.snippet", has_text="pip install")
        line.get_by_role("button", name="Copy").click()
        expect(line.get_by_role("button")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"pip install --index-url {instance.address}/python/latest/simple/ ")
