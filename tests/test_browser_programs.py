"""A person connects a program: the SDK's own client on one side, a real browser on our pages on the other.

Screenshots are kept in pytest's temporary folder (`--basetemp` says where).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from notechondria_contracts.scopes import SCOPES
from tests.support.browser import opened
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.loopback import Loopback, loopback
from tests.support.programs import Program, public_url
from tests.support.visit import Visit

pytestmark = pytest.mark.browser
Result = TypeVar("Result")


@dataclass
class Storage:
    """What the SDK's client keeps."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Sdk:
    """The SDK's client of a person who sits before a browser and allows what is asked, but for `unticked`."""

    api: Api
    visit: Visit
    waiting: Loopback
    user: User
    scope: str | None = None
    unticked: tuple[str, ...] = ()
    picture: str = ""
    storage: Storage = field(default_factory=Storage)
    asked: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, talk: Callable[[Client], Awaitable[Result]]) -> Result:
        """Connect, as often as the server asks for it, and talk."""

        async def with_client() -> Result:
            metadata = OAuthClientMetadata.model_validate(
                {"redirect_uris": [self.waiting.url], "client_name": "Python SDK", "scope": self.scope}
            )
            url = f"{public_url(self.api)}/mcp"
            provider = OAuthClientProvider(url, metadata, self.storage, self._ask, self._answer, **self.options)
            http = httpx2.AsyncClient(auth=provider, timeout=60)
            async with http, Client(streamable_http_client(url, http_client=http)) as client:
                return await talk(client)

        return asyncio.run(with_client())

    async def _ask(self, url: str) -> None:
        self.asked.append(url)
        await asyncio.to_thread(self._allow, url)

    async def _answer(self) -> AuthorizationCodeResult:
        found = await asyncio.to_thread(self.waiting.answer)
        return AuthorizationCodeResult(code=found["code"], state=found["state"], iss=found["iss"])

    def _allow(self, url: str) -> None:
        driver = self.visit.driver
        driver.get(url)
        if self.visit.path == "/account/sign-in/":
            self.visit.fill("User name", self.user.username)
            self.visit.fill("Password", PASSWORD)
            self.visit.press("Sign in")
        assert self.visit.path == "/oauth/authorize"
        if self.picture:
            self.visit.looks(self.picture)
        for scope in self.unticked:
            driver.find_element(By.NAME, f"allow:{scope}").click()
        self.visit.press("Allow")
        assert self.visit.path == "/callback"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture
def visit(api: Api, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with opened(tmp_path_factory.mktemp("profile"), scripts=False) as browser:
        yield Visit(browser, api.stack.url, pictures, "")


@pytest.fixture
def sdk(api: Api, visit: Visit) -> Iterator[Sdk]:
    with loopback() as waiting:
        yield Sdk(api, visit, waiting, api.register())


async def names(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def make(client: Client) -> dict[str, Any]:
    made = await client.call_tool("create_note", {"title": "By the SDK"})
    assert not made.is_error
    assert made.structured_content is not None
    return made.structured_content


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
    answer = sdk.api.request("POST", "/oauth/revoke", data={"client_id": client_id(sdk), "token": first.access_token})
    assert answer.status_code == 200
    sdk.run(names)
    assert sdk.storage.tokens.access_token != first.access_token

    (program,) = sdk.user.get("auth/programs/").json()["programs"]
    assert (program["name"], program["origin"]) == ("Python SDK", "registered")
    assert sdk.user.delete(f"auth/programs/{program['id']}/").status_code == 204
    bearer = {"Authorization": f"Bearer {sdk.storage.tokens.access_token}"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    eventually(lambda: sdk.api.request("POST", "/mcp", json=body, headers=bearer).status_code == 401, seconds=5)
    before = len(sdk.asked)
    assert "create_note" in sdk.run(names)  # and asks the person once more
    assert len(sdk.asked) == before + 1


def client_id(sdk: Sdk) -> str:
    assert sdk.storage.client is not None
    return str(sdk.storage.client.client_id)


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


def test_the_page_is_ours_alone_and_complains_of_nothing(sdk: Sdk) -> None:
    sdk.run(names)
    assert not sdk.visit.browser.complaints()
    own = {urlsplit(sdk.api.stack.url).netloc, urlsplit(public_url(sdk.api)).netloc, urlsplit(sdk.waiting.url).netloc}
    assert {urlsplit(url).netloc for _, url in sdk.visit.browser.requests()} <= own


def test_the_keyboard_is_enough(sdk: Sdk) -> None:
    program = Program.registered(sdk.api, sdk.waiting.url)
    driver = sdk.visit.driver
    driver.get(f"{public_url(sdk.api)}/oauth/authorize?{program.query()}")
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
