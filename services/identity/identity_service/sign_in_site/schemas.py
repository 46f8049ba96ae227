"""Bodies and answers of the calls named `casdoor` (apps §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel

from identity_service.passwords import MAX_LENGTH
from notechondria_contracts.fields import Text
from notechondria_shared.web.body import SmallBody, example

Code = Annotated[str, Text(max_length=256)]
Nonce = Annotated[str, Text(max_length=256)]
Password = Annotated[str, Text(max_length=MAX_LENGTH)]


class SiteBody(SmallBody):
    """A body of these calls; the portal sends some without a JSON type."""

    plain_text = True


class NoSite(BaseModel):
    """`GET /auth/casdoor/config/` where apps are to show their own form."""

    configured: Literal[False] = False


class Site(BaseModel):
    """`GET /auth/casdoor/config/` where they send people to the sign-in site."""

    model_config = example(
        configured=True,
        endpoint="https://notes.example.org",
        client_id="notechondria",
        organization="notechondria",
        application="notechondria",
        signin_url="https://notes.example.org/account/apps/",
    )

    configured: Literal[True] = True
    endpoint: str
    client_id: str
    organization: str
    application: str
    signin_url: str


class ExchangeCode(SiteBody):
    """`POST /auth/casdoor/exchange/`."""

    model_config = example(code="c0de", state="casdoor")

    code: Code
    state: Annotated[str, Text(max_length=256, blank=True)] = ""


class BindCode(SiteBody):
    """`POST /auth/casdoor/bind/`."""

    model_config = example(code="c0de")

    code: Code


class LinkAccount(SiteBody):
    """`POST /auth/casdoor/link/bind/`."""

    model_config = example(nonce="n0nce", username="sam", password="Correct-horse-7")  # noqa: S106 - an example

    nonce: Nonce
    username: Annotated[str, Text(max_length=254)]
    password: Password


class LinkNewAccount(SiteBody):
    """`POST /auth/casdoor/link/create/`."""

    model_config = example(nonce="n0nce", password="Correct-horse-7")  # noqa: S106 - an example

    nonce: Nonce
    password: Password


class Unlinked(BaseModel):
    """The account is linked to no sign-in site, and whether it was."""

    casdoor_linked: Literal[False] = False
    was_linked: bool
