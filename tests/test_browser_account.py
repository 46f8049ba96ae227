"""The pages of accounts in a real browser, with scripts switched off where none is needed.

Screenshots are kept in pytest's temporary folder (`--basetemp` says where).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.browser import opened
from tests.support.client import PASSWORD, Api
from tests.support.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture
def visit(api: Api, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with opened(tmp_path_factory.mktemp("profile"), scripts=False) as browser:
        yield Visit(browser, api.stack.url, pictures, "/account/")


def test_signing_in_and_out(api: Api, visit: Visit) -> None:
    user = api.register()
    visit.open("")
    assert visit.path == "/account/sign-in/"
    visit.looks("01-sign-in")
    visit.fill("User name", user.username)
    visit.fill("Password", "Wrong-horse-7")
    visit.press("Sign in")
    visit.looks("02-refused")
    visit.fill("Password", PASSWORD)
    visit.press("Sign in")
    assert visit.path == "/account/"
    visit.looks("03-home")
    visit.press("Sign out")
    assert visit.notice() == "You are signed out."
    visit.looks("04-signed-out")
    # A refused form is 400, which the console mentions; nothing else is worth a word.
    assert not [said for said in visit.browser.complaints() if "status of 400" not in said]
    own = urlsplit(api.stack.url).netloc
    assert {urlsplit(url).netloc for _, url in visit.browser.requests()} == {own}
