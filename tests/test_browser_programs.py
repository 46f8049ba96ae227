"""A person connects a program: the SDK's own client on one side, a real browser on our pages on the other.

Screenshots are kept in pytest's temporary folder (`--basetemp` says where).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from notechondria_contracts.scopes import SCOPES
from tests.support.browser import opened
from tests.support.client import PASSWORD, Api, eventually
from tests.support.loopback import loopback
from tests.support.programs import Program, answered, public_url
from tests.support.sdk_program import Sdk, allow, make, names
from tests.support.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(api: Api, pictures: Path) -> Iterator[Visit]:
    with opened(scripts=False) as browser:
        yield Visit(browser, public_url(api), pictures, "/")


@pytest.fixture
def sdk(api: Api, visit: Visit) -> Iterator[Sdk]:
    with loopback() as waiting:
        yield Sdk(api, visit, waiting, api.register())


def test_the_sdk_finds_registers_asks_calls_renews_and_is_disconnected(sdk: Sdk) -> None:
    sdk.picture = "01-consent"
    assert "create_note" in sdk.run(names)
    assert sdk.storage.tokens is not None
    assert sdk.storage.tokens.scope == " ".join(SCOPES)
    note = sdk.run(make)
    assert sdk.user.get(f"notes/{note['id']}/").json()["title"] == "By the SDK"
    assert len(sdk.asked) == 1  # the second connection used the tokens of the first

    first = sdk.storage.tokens
    # An access token that is dead to the server: the client renews or asks anew.
    answer = sdk.api.request("POST", "/oauth/revoke", data={"client_id": sdk.client_id, "token": first.access_token})
    assert answer.status_code == 200
    sdk.run(names)
    assert sdk.storage.tokens.access_token != first.access_token

    (program,) = sdk.user.get("auth/programs/").json()["programs"]
    assert (program["name"], program["origin"]) == ("Python SDK", "registered")
    sdk.visit.open("account/programs/")
    sdk.visit.looks("03-programs")
    sdk.visit.follow("Disconnect")
    sdk.visit.press("Disconnect")
    assert sdk.visit.notice() == "The program is disconnected."
    bearer = {"Authorization": f"Bearer {sdk.storage.tokens.access_token}"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    eventually(lambda: sdk.api.request("POST", "/mcp", json=body, headers=bearer).status_code == 401, seconds=5)
    before = len(sdk.asked)
    assert "create_note" in sdk.run(names)  # and asks the person once more
    assert len(sdk.asked) == before + 1


def test_a_program_that_may_only_read_asks_for_more_when_it_writes(sdk: Sdk) -> None:
    sdk.unticked = ("notes:write", "planner:write")
    assert "create_note" not in sdk.run(names)
    assert sdk.storage.tokens is not None
    assert sdk.storage.tokens.scope == "notes:read planner:read profile"
    sdk.unticked, sdk.picture = (), "02-more"
    assert sdk.run(make)["title"] == "By the SDK"
    assert len(sdk.asked) == 2
    assert sdk.storage.tokens is not None
    assert "notes:write" in str(sdk.storage.tokens.scope)


@pytest.mark.parametrize("host", ["[::1]", "localhost", "127.0.0.1"])
def test_the_answer_arrives_wherever_the_program_waits(api: Api, visit: Visit, host: str) -> None:
    """A Content-Security-Policy cannot name an address of IPv6: the browser would hold a redirect after the form."""
    program = Program.registered(api, f"http://{host}/callback")
    program.redirect_uri = f"http://{host}:9/callback"  # nobody is there: where the browser goes is what counts
    with contextlib.suppress(WebDriverException):
        allow(visit, f"{public_url(api)}/oauth/authorize?{program.query()}", api.register())
    found = eventually(lambda: visit.driver.current_url if host in visit.driver.current_url else "", what="it is there")
    assert program.redeem(answered(found)["code"]).status_code == 200


def test_long_names_stay_on_a_telephone(api: Api, visit: Visit) -> None:
    """Whoever registers chooses name and address: nothing of the page may be pushed out of sight by them."""
    user = api.register()
    host = ".".join(["w" * 60] * 4)
    for number, uri in enumerate((f"https://{host}/callback", f"{'w' * 60}://{host}/callback")):
        program = Program.registered(api, uri, client_name="W" * 80)
        visit.driver.get(f"{public_url(api)}/oauth/authorize?{program.query()}")
        if visit.path == "/account/sign-in/":
            visit.fill("User name", user.username)
            visit.fill("Password", PASSWORD)
            visit.press("Sign in")
        assert visit.path == "/oauth/authorize"
        visit.looks(f"long-{number}")
    program.connect(user)
    visit.driver.get(f"{public_url(api)}/account/agents/")
    visit.looks("long-agents")
    for words in ("W" * 80, "Disconnect"):
        visit.driver.get(f"{public_url(api)}/account/agents/")
        visit.follow(words)
        visit.looks(f"long-{words[:4]}")
    visit.driver.get(f"{public_url(api)}/account/log/")
    visit.looks("long-log")
    visit.driver.get(f"{public_url(api)}/account/")
    visit.looks("long-overview")


def test_the_page_is_ours_alone_and_complains_of_nothing(sdk: Sdk) -> None:
    sdk.run(names)
    assert not sdk.visit.browser.complaints()
    own = {urlsplit(sdk.api.stack.url).netloc, urlsplit(public_url(sdk.api)).netloc, urlsplit(sdk.waiting.url).netloc}
    assert {urlsplit(url).netloc for _, url in sdk.visit.browser.requests()} <= own


def test_the_keyboard_is_enough(sdk: Sdk) -> None:
    program = Program.registered(sdk.api, sdk.waiting.url)
    driver = sdk.visit.driver
    driver.get(f"{public_url(sdk.api)}/oauth/authorize?{program.query()}")
    # The page puts the focus there by itself, a little after it was loaded.
    eventually(lambda: driver.switch_to.active_element.tag_name == "input", what="the focus in the first field")
    keys(driver, sdk.user.username, Keys.TAB, PASSWORD, Keys.ENTER)
    eventually(lambda: sdk.visit.path == "/oauth/authorize")
    reached: list[str] = []
    for _ in range(20):
        keys(driver, Keys.TAB)
        element = driver.switch_to.active_element
        name = f"{element.get_attribute('name')} {element.get_attribute('value')}"
        reached.append(name)
        if name == "allow:notes:read on":
            keys(driver, Keys.SPACE)
        if name == "answer allow":
            break
    boxes = [name.removeprefix("allow:").removesuffix(" on") for name in reached if name.startswith("allow:")]
    assert boxes == list(SCOPES)
    assert "days 30" in reached
    keys(driver, Keys.ENTER)
    tokens = program.redeem(sdk.waiting.answer()["code"]).json()
    # Reading comes with writing, box or not.
    assert tokens["scope"] == " ".join(SCOPES)


def keys(driver: WebDriver, *pressed: str) -> None:
    """Press keys, wherever the focus is."""
    ActionChains(driver).send_keys(*pressed).perform()
