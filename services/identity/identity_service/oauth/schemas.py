"""Bodies and answers of sign-in with a provider (identity §10)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from notechondria_contracts.fields import Choice, Text
from notechondria_shared.web.body import SmallBody, example

Credential = Annotated[str, Text(blank=True, max_length=8192)]
RedirectUri = Annotated[str, Text(blank=True, max_length=2048)]


class BindGoogle(SmallBody):
    """`POST /auth/bind/google/`: a code or an id token."""

    model_config = example(code="4/0AdQt8qh")

    code: Credential = ""
    id_token: Credential = ""
    redirect_uri: RedirectUri = ""


class BindGithub(SmallBody):
    """`POST /auth/bind/github/`: a code."""

    model_config = example(code="d1f0a9c3")

    code: Annotated[str, Text(max_length=8192)]
    redirect_uri: RedirectUri = ""


class _SignIn(SmallBody):
    invitation_code: Annotated[str | None, Text(blank=True, null=True, max_length=256)] = ""
    intent: Annotated[str, Choice(("login", "register", "bind"))] = "register"


class SignInGoogle(_SignIn, BindGoogle):
    """`POST /auth/google/` (identity §10.3)."""


class SignInGithub(_SignIn, BindGithub):
    """`POST /auth/github/` (identity §10.3)."""


class ProviderConfig(BaseModel):
    """What an app needs to send its user to the provider; `""` when the provider is off."""

    client_id: str
    redirect_uri: str


class OAuthConfig(BaseModel):
    """`GET /auth/oauth-config/` (identity §10.1)."""

    google: ProviderConfig
    github: ProviderConfig


class LinkedAccount(BaseModel):
    """A link after binding (identity §10.4)."""

    id: int
    provider: str
    provider_uid: str
    email: str


class SocialAccountRow(LinkedAccount):
    """A link in the list."""

    created_at: str
