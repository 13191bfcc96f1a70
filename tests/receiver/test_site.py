"""The site over HTTP."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.receiver.house import House
from tests.receiver.wire import ask, head, raw, send_form, upload_form

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
WEB = "text/html; charset=utf-8"
WHEEL_PATH = f"python/files/ab/cd/{'ab' * 32}/example-1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def site(house: House) -> Path:
    """Two repositories, one project, one file."""
    pages = {
        "index.html": "<h1>repositories</h1>",
        "static/style.css": "body {}",
        "static/search.js": "1",
        "_/state.json": "{}",
        "python/index.html": "python",
        "python/latest/simple/index.html": "<a href='example/'>example</a>",
        "python/latest/simple/index.json": '{"projects": []}',
        "python/latest/simple/example-project/index.html": "<a>file</a>",
        "python/latest/simple/example-project/index.json": '{"name": "example-project"}',
        "mixed/latest/simple/example-project/index.html": "<a>file</a>",
        "mixed/latest/simple/example-project/index.json": "{}",
        WHEEL_PATH: "0123456789",
        f"{WHEEL_PATH}.metadata": "Metadata-Version: 2.1\n",
        f"{WHEEL_PATH}.asc": "-----BEGIN",
        "python/files/ef/01/x/example-1.0.tar.gz": "gz",
        "python/packages/team-beta/index.html": "team-beta",
        "python/packages/team-beta/1.0/index.html": "team-beta 1.0",
        "r/packages/Team.Beta/index.html": "Team.Beta",
        "r/latest/src/contrib/PACKAGES": "Package: tidy\n",
        "r/latest/src/contrib/PACKAGES.gz": "gz",
        "r/latest/src/contrib/PACKAGES.rds": "rds",
        "r/latest/src/contrib/tidy_1.0.tar.gz": "gz",
        "r/latest/src/contrib/tidy_1.0.tar.gz.asc": "-----BEGIN",
        "r/latest/src/contrib/Meta/archive.rds": "rds",
        "r/latest/bin/windows/contrib/4.2/tidy_1.0.zip": "zip",
    }
    for path, text in pages.items():
        place = house.site / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return house.site


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, WEB),
        ("", WEB),
        ("*/*", WEB),
        ("text/html", WEB),
        ("text/*", WEB),
        (JSON, JSON),
        ("application/vnd.pypi.simple.latest+json", JSON),
        (HTML, HTML),
        ("application/vnd.pypi.simple.latest+html", HTML),
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
        (f"{JSON}, {HTML};q=0.2, text/html;q=0.01", JSON),
        (f"{JSON}, */*;q=0.1", JSON),
        (f"{JSON};q=0.5, text/html;q=0.9", WEB),
        (f"{JSON};q=0, text/html", WEB),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", WEB),
        ("application/json", WEB),
        ("image/png", WEB),
        ("garbage;;;,/,q=", WEB),
    ],
)
@pytest.mark.parametrize("path", ["/python/latest/simple/", "/python/latest/simple/example-project/"])
def test_simple_indexes_are_negotiated(port: int, path: str, accept: str | None, expected: str) -> None:
    """pip, uv, Poetry and browsers get what they prefer; who asks for nothing known gets HTML."""
    answer = ask(port, "GET", path, headers={} if accept is None else {"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Vary"]) == (200, expected, "Accept")
    if expected == JSON:
        json.loads(answer.body)
    else:
        assert answer.text.startswith("<a")


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("/", WEB, "max-age=0, must-revalidate"),
        ("/python/", WEB, "max-age=0, must-revalidate"),
        ("/python/latest/simple/example-project/index.json", JSON, "max-age=0, must-revalidate"),
        ("/static/style.css", "text/css; charset=utf-8", "max-age=0, must-revalidate"),
        ("/static/search.js", "text/javascript; charset=utf-8", "max-age=0, must-revalidate"),
        (f"/{WHEEL_PATH}", "application/octet-stream", "public, max-age=31536000, immutable"),
        (f"/{WHEEL_PATH}.metadata", "text/plain; charset=utf-8", "public, max-age=31536000, immutable"),
        (f"/{WHEEL_PATH}.asc", "text/plain; charset=utf-8", "public, max-age=31536000, immutable"),
        (
            "/python/files/ef/01/x/example-1.0.tar.gz",
            "application/octet-stream",
            "public, max-age=31536000, immutable",
        ),
        ("/r/latest/src/contrib/PACKAGES", "text/plain; charset=utf-8", "max-age=0, must-revalidate"),
        ("/r/latest/src/contrib/PACKAGES.gz", "application/octet-stream", "max-age=0, must-revalidate"),
        ("/r/latest/src/contrib/PACKAGES.rds", "application/octet-stream", "max-age=0, must-revalidate"),
        ("/r/latest/src/contrib/tidy_1.0.tar.gz", "application/octet-stream", "max-age=0, must-revalidate"),
        ("/r/latest/src/contrib/tidy_1.0.tar.gz.asc", "text/plain; charset=utf-8", "max-age=0, must-revalidate"),
        ("/r/latest/src/contrib/Meta/archive.rds", "application/octet-stream", "max-age=0, must-revalidate"),
        ("/r/latest/bin/windows/contrib/4.2/tidy_1.0.zip", "application/octet-stream", "max-age=0, must-revalidate"),
    ],
)
def test_types_and_caching(port: int, path: str, content_type: str, cache: str) -> None:
    """Each file says what it is and how long it holds; an archive is never a Content-Encoding."""
    answer = ask(port, "GET", path, headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (content_type, cache)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in answer.headers
    policy = answer.headers.get("Content-Security-Policy", "")
    assert ("default-src 'none'; script-src 'self'" in policy) == (content_type == WEB)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/python", "python/"),
        ("/python/latest/simple", "simple/"),
        ("/python/latest/simple/example-project", "example-project/"),
        ("/python/latest/simple/Example_Project/", "../example-project/"),
        ("/python/latest/simple/example.project", "example-project/"),
        ("/python/packages/Team.Beta/", "../team-beta/"),
        ("/python/packages/Team_Beta", "team-beta/"),
        ("/python/packages/Team.Beta/1.0/", "../../team-beta/1.0/"),
        ("/python/packages/Team.Beta/1.0", "../team-beta/1.0"),
        ("/python/packages/Team.Beta/1.0/index.html", "../../team-beta/1.0/index.html"),
        ("/mixed/latest/simple/unknown/", "https://index.example/simple/unknown/"),
        ("/mixed/latest/simple/Un.Known", "https://index.example/simple/un-known/"),
    ],
)
def test_redirects(port: int, path: str, location: str) -> None:
    """To the slash, to the normalized name, and for what a repository does not have to its fallback."""
    answer = ask(port, "GET", path)
    assert (answer.status, answer.headers["Location"]) == (302, location)


def test_names_are_normalized_as_the_repository_does(port: int) -> None:
    """R tells upper from lower case, so its pages have one spelling; what is not there is sent nowhere."""
    assert ask(port, "GET", "/r/packages/Team.Beta/").text == "Team.Beta"
    for path in ("/r/packages/team-beta/", "/python/packages/Team.Gamma/", "/python/packages/Team.Beta/2.0/"):
        assert ask(port, "GET", path).status == 404
    assert ask(port, "GET", "/unknown/packages/Team.Beta/").status == 404


def test_a_project_never_falls_through(port: int) -> None:
    """A project that the store has is not looked for elsewhere, not even where its page is missing."""
    assert ask(port, "GET", "/mixed/latest/simple/example-project/").status == 200
    send_form(port, upload_form(filename="private-1.0-py3-none-any.whl"))
    assert ask(port, "GET", "/mixed/latest/simple/private/").status == 404
    assert ask(port, "GET", "/mixed/latest/simple/").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/python/latest/simple/unknown/",
        "/python/latest/simple/unknown",
        "/unknown/latest/simple/example/",
        "/index.html/",
        f"/{WHEEL_PATH}/",
        "/_/state.json",
        "/static/",
        "/static/.hidden",
        "/static//style.css",
        "//static/style.css",
        "/./index.html",
        "/static/../index.html",
        "/../site/index.html",
        "/%2e%2e/spool/secret",
        "/static/%2e%2e/index.html",
        "/static%2fstyle.css",
        "/static/..%2f..%2fspool/secret",
        "/%2F%2F..%2F..%2Fetc/passwd",
        "/..;/spool/secret",
        "/%252e%252e/spool/secret",
        "/..%5cspool%5csecret",
        "/static\\style.css",
        "/index.html%00",
        "/index.html%0a",
        "/\\evil.example",
        "/%09/evil.example",
        "/link",
        "/linked/secret",
        "/pipe",
        "/" + "a/" * 30,
        "/" + "a" * 300,
        "/%ff%fe",
        "/%E2%98%83",
    ],
)
def test_nothing_but_the_site_is_served(house: House, port: int, path: str) -> None:
    """No spelling of a path leaves the site, follows a link out of it or shows what is not meant to be seen."""
    (house.spool / "secret").write_text("secret")
    (house.site / "static" / ".hidden").write_text("secret")
    (house.site / "link").symlink_to(house.spool / "secret")
    (house.site / "linked").symlink_to(house.spool)
    os.mkfifo(house.site / "pipe")
    answer = raw(port, head("GET", path, "Connection: close"))
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
    assert b"secret" not in answer
    assert b"Location" not in answer


@pytest.mark.parametrize("path", ["/python/latest/simple/example-project/", "/r/latest/src/contrib/PACKAGES.gz"])
def test_validators(port: int, path: str) -> None:
    """An unchanged page answers 304 to its ETag or its date, and 200 to any other."""
    first = ask(port, "GET", path)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    for headers, status in [
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f'"other", W/{tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": date}, 200),
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": ", ".join(f'"{number}"' for number in range(5000))}, 200),
    ]:
        answer = ask(port, "GET", path, headers=headers)
        assert answer.status == status, headers
        assert answer.headers["ETag"] == tag
        assert answer.body == (b"" if status == 304 else first.body)


def test_each_form_of_an_index_has_its_own_tag(port: int) -> None:
    """What is cached as HTML is never taken for the JSON."""
    path = "/python/latest/simple/example-project/"
    assert ask(port, "GET", path).headers["ETag"] != ask(port, "GET", path, headers={"Accept": JSON}).headers["ETag"]


def test_a_changed_page_has_another_tag(site: Path, port: int) -> None:
    """A page that is replaced is seen at once, also by a client that holds the old one."""
    page = site / "python" / "latest" / "simple" / "index.html"
    old = ask(port, "GET", "/python/latest/simple/").headers["ETag"]
    beside = page.with_name(".new")
    beside.write_text(page.read_text().upper())
    beside.replace(page)
    answer = ask(port, "GET", "/python/latest/simple/", headers={"If-None-Match": old})
    assert (answer.status, answer.text[:3]) == (200, "<A ")


@pytest.mark.parametrize(
    ("range_", "status", "body"),
    [
        ("bytes=0-3", 206, "0123"),
        ("bytes=7-", 206, "789"),
        ("bytes=-3", 206, "789"),
        ("bytes=-10000", 206, "0123456789"),
        ("bytes=0-99999", 206, "0123456789"),
        ("bytes = 2-3", 206, "23"),
        ("bytes=10-", 416, "the file has 10 bytes"),
        ("bytes=-0", 416, "the file has 10 bytes"),
        ("bytes=5-2", 200, "0123456789"),
        ("bytes=0-1,4-5", 200, "0123456789"),
        ("bytes=" + ",".join(f"{number}-{number}" for number in range(5000)), 200, "0123456789"),
        ("items=0-3", 200, "0123456789"),
        ("bytes=a-b", 200, "0123456789"),
        ("bytes=99999999999999999999-", 200, "0123456789"),
        ("bytes", 200, "0123456789"),
    ],
)
def test_ranges(port: int, range_: str, status: int, body: str) -> None:
    """One range is served; more than one, and what is none, is not needed to be."""
    answer = ask(port, "GET", f"/{WHEEL_PATH}", headers={"Range": range_})
    assert (answer.status, answer.text) == (status, body)
    assert ("Content-Range" in answer.headers) == (status != 200)


def test_a_range_of_an_older_file_is_the_new_file(port: int) -> None:
    """If-Range with another tag answers with everything."""
    tag = ask(port, "HEAD", f"/{WHEEL_PATH}").headers["ETag"]
    assert ask(port, "GET", f"/{WHEEL_PATH}", headers={"Range": "bytes=0-1", "If-Range": tag}).status == 206
    assert ask(port, "GET", f"/{WHEEL_PATH}", headers={"Range": "bytes=0-1", "If-Range": '"x"'}).status == 200


@pytest.mark.parametrize(
    "path", ["/", f"/{WHEEL_PATH}", "/python", "/unknown", "/python/latest/simple/", "/r/latest/src/contrib/PACKAGES"]
)
def test_head_is_get_without_a_body(port: int, path: str) -> None:
    """The same status and headers, no byte of a body, and the connection stays usable."""
    get, found = ask(port, "GET", path), ask(port, "HEAD", path)
    assert (found.status, found.body) == (get.status, b"")
    drop = {"Date"}
    assert {k: v for k, v in found.headers.items() if k not in drop} == {
        k: v for k, v in get.headers.items() if k not in drop
    }
    both = raw(port, head("HEAD", path) + head("GET", "/__api__/status", "Connection: close"))
    assert both.count(b"HTTP/1.1 ") == 2


def test_pages_may_change_while_they_are_read(site: Path, port: int) -> None:
    """A reader gets one version or the other, whole, however often a page is replaced."""
    page = site / "python" / "index.html"
    texts = ["a" * 300_000, "b" * 200_000]
    page.write_text(texts[0])
    done = threading.Event()

    def replace() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            beside = page.with_name(".new")
            beside.write_text(texts[turn % 2])
            beside.replace(page)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        assert all(ask(port, "GET", "/python/").text in texts for _ in range(50))
    finally:
        done.set()
        writer.join()


def test_a_site_that_cannot_be_read_is_no_404(house: House, site: Path, port: int) -> None:
    """A site that is not there at all is the server's trouble: installers must not take it for "no such project"."""
    site.rename(house.root / "elsewhere")
    answer = ask(port, "GET", "/python/latest/simple/example-project/")
    assert answer.status == 503
    assert str(house.root) not in answer.text


def test_no_descriptor_leaks(port: int) -> None:
    """Whatever is answered, the file is closed again."""
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        for path in (f"/{WHEEL_PATH}", "/", "/python", "/static/", "/unknown", "/python/latest/simple/"):
            ask(port, "HEAD", path)
            ask(port, "GET", path, headers={"If-None-Match": "*"})
            ask(port, "GET", path, headers={"Range": "bytes=50-"})
    assert len(list(descriptors.iterdir())) <= before + 5


def test_a_browser_gets_the_page_for_what_is_missing(house: House, port: int) -> None:
    """Who prefers HTML reads the site's own page, with all that guards others; programs get one line."""
    (house.site / "404.html").write_text("<h1>There is no such page</h1>")

    shown = ask(port, "GET", "/python/packages/none/", headers={"Accept": "text/html,*/*;q=0.8", "If-None-Match": "*"})
    plain = ask(port, "GET", "/python/packages/none/", headers={"Accept": "*/*"})

    assert (shown.status, shown.body) == (404, b"<h1>There is no such page</h1>")
    assert shown.headers["Content-Type"] == WEB
    assert shown.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert (plain.status, plain.body) == (404, b"there is no such page")


def test_a_missing_page_without_a_page_for_that(port: int) -> None:
    """A site of before has none: the line has to do."""
    answer = ask(port, "GET", "/python/packages/none/", headers={"Accept": "text/html"})
    assert (answer.status, answer.body) == (404, b"there is no such page")


@pytest.mark.parametrize("repository", ["python", "r"])
def test_the_address_of_clients_in_a_browser(port: int, repository: str) -> None:
    """It leads to the page of the repository."""
    answer = ask(port, "GET", f"/{repository}/latest/")
    assert (answer.status, answer.headers["Location"]) == (302, "../")


def test_a_file_that_is_sent_to_where_it_would_lie(port: int) -> None:
    """The refusal names the addresses that take files."""
    answer = ask(port, "PUT", "/r/latest/src/contrib/tidy_1.0.tar.gz")
    assert answer.status == 405
    assert b"R's are PUT to /upload/r/SOURCE/" in answer.body
