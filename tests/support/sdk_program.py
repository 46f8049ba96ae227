"""The SDK's own client of MCP, connected by OAuth: a person before a real browser answers what it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.client import PASSWORD, Api, User
from tests.support.loopback import Loopback
from tests.support.programs import public_url
from tests.support.visit import Visit

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
        allow(self.visit, url, self.user, self.unticked, self.picture)

    @property
    def client_id(self) -> str:
        """How the program calls itself."""
        assert self.storage.client is not None
        return str(self.storage.client.client_id)


def allow(visit: Visit, url: str, user: User, unticked: tuple[str, ...] = (), picture: str = "") -> None:
    """Open the address of an authorization request, sign in if need be, and allow what is asked but for `unticked`."""
    driver = visit.driver
    driver.get(url)
    if visit.path == "/account/sign-in/":
        visit.fill("User name", user.username)
        visit.fill("Password", PASSWORD)
        visit.press("Sign in")
    assert visit.path == "/oauth/authorize"
    if picture:
        visit.looks(picture)
    for scope in unticked:
        driver.find_element(By.NAME, f"allow:{scope}").click()
    driver.find_element(By.XPATH, "//button[normalize-space()='Allow']").click()
    wait = WebDriverWait(driver, 30, 0.05, ignored_exceptions=[WebDriverException])
    wait.until(lambda _: visit.path != "/oauth/authorize")


async def names(client: Client) -> set[str]:
    """The tools that the program sees."""
    return {tool.name for tool in (await client.list_tools()).tools}


async def make(client: Client) -> dict[str, Any]:
    """A note that the program makes."""
    made = await client.call_tool("create_note", {"title": "By the SDK"})
    assert not made.is_error
    found: dict[str, Any] | None = made.structured_content
    assert found is not None
    return found
