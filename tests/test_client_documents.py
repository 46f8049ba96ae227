"""Programs whose client id is the address of a document (CIMD): fetched safely, bounded, kept for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import TEST_ENVIRONMENT

from tests.support.browser import opened
from tests.support.certificates import self_signed
from tests.support.client import Api, User
from tests.support.documents_server import DocumentsServer, Page, documents_server
from tests.support.loopback import loopback
from tests.support.programs import CALLBACK, Program, answered, consent
from tests.support.ready_data import own_stack
from tests.support.sdk_program import Sdk, make, names
from tests.support.visit import Visit


@dataclass
class World:
    """A stack that trusts a test's authority and may ask this machine, and the server of documents."""

    api: Api
    documents: DocumentsServer
    ann: User

    def check(self, client_id: str, redirect_uri: str = CALLBACK) -> dict[str, object]:
        """What the person is shown of a program."""
        program = Program(self.api, client_id, redirect_uri)
        return consent(self.ann, "check", {"query": program.query()})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"))
    environment = {**TEST_ENVIRONMENT, "SSL_CERT_FILE": str(certificate), "OAUTH_CLIENT_ALLOW_HOSTS": "localhost"}
    with documents_server(certificate, key) as documents, own_stack(environment) as stack, Api(stack) as api:
        yield World(api, documents, api.register())


def test_a_described_program_is_shown_with_its_host_and_gets_tokens(world: World) -> None:
    client_id = world.documents.describe("/app.json", CALLBACK)
    asked = world.check(client_id)
    assert asked["program"] == {
        "id": asked["program"]["id"],  # type: ignore[index]
        "name": "A described program",
        "host": "localhost",
        "origin": "document",
    }
    program = Program(world.api, client_id)
    program.connect(world.ann)
    assert program.refresh().status_code == 200
    assert world.documents.asked["/app.json"] == 1  # one fetch for all of it


def test_a_document_is_kept_and_fetched_again_when_it_is_old(world: World) -> None:
    client_id = world.documents.describe("/kept.json", CALLBACK)
    assert world.check(client_id)["kind"] == "ask"
    world.documents.describe("/kept.json", "https://other.example/callback", client_name="Renamed")
    assert world.check(client_id)["kind"] == "ask"
    with psycopg.connect(world.api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE oauth_clients SET fresh_until = now() WHERE client_id = %s", [client_id])
    assert world.check(client_id)["kind"] == "refused"  # the redirect is no longer its own
    asked = world.check(client_id, "https://other.example/callback")
    assert asked["program"]["name"] == "Renamed"  # type: ignore[index]
    assert world.documents.asked["/kept.json"] == 2


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [("max-age=60", 300), ("public, max-age=7200", 7200), ("max-age=9999999", 86_400), ("no-store", 300), ("", 3600)],
)
def test_how_long_a_document_is_kept_has_bounds(world: World, cache_control: str, seconds: int) -> None:
    path = f"/cache-{seconds}-{len(cache_control)}.json"
    client_id = world.documents.describe(path, CALLBACK, headers={"Cache-Control": cache_control})
    assert world.check(client_id)["kind"] == "ask"
    with psycopg.connect(world.api.stack.database_url("identity"), autocommit=True) as identity:
        row = identity.execute(
            "SELECT extract(epoch FROM fresh_until - now()) FROM oauth_clients WHERE client_id = %s", [client_id]
        ).fetchone()
    assert row is not None
    assert seconds - 30 < row[0] <= seconds


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": "https://localhost/other.json"}, "of another program"),
        ({"client_id": None}, "of another program"),
        ({"client_secret": "x"}, "a secret for everybody"),
        ({"redirect_uris": []}, "cannot be used"),
        ({"redirect_uris": None}, "cannot be used"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "cannot be used"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "cannot be used"),
        ({"client_name": "x" * 12_000}, "larger than 10 KiB"),
    ],
)
def test_documents_that_cannot_be_used_are_refused(world: World, change: dict[str, Any], said: str) -> None:
    client_id = world.documents.describe("/wrong.json", CALLBACK, **change)
    answer = world.check(client_id)
    assert (answer["kind"], said in str(answer["text"])) == ("refused", True), answer


VSCODE = [
    "http://127.0.0.1/",
    "http://127.0.0.1:33418/",
    "http://localhost/",
    "http://localhost:33418/",
    "https://insiders.vscode.dev/redirect",
    "https://vscode.dev/redirect",
]


@pytest.mark.parametrize(
    ("change", "asked_with"),
    [
        ({"token_endpoint_auth_method": None, "grant_types": None, "response_types": None}, CALLBACK),
        ({"client_name": None, "logo_uri": "javascript:1", "client_uri": 5, "jwks": {"keys": []}}, CALLBACK),
        ({"client_name#de": "Ein Helfer", "scope": "notes:read", "contacts": ["a@b.example"]}, CALLBACK),
        ({"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]}, CALLBACK),
        ({"redirect_uris": VSCODE, "application_type": "native"}, "http://127.0.0.1:50123/"),
        ({"redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback", CALLBACK]}, CALLBACK),
        ({"redirect_uris": ["http://localhost/callback"]}, "http://localhost:6274/callback"),
    ],
)
def test_documents_of_odd_shapes_are_read(world: World, change: dict[str, Any], asked_with: str) -> None:
    client_id = world.documents.describe(f"/odd-{abs(hash(str(change)))}.json?v=1", CALLBACK, **change)
    asked = world.check(client_id, asked_with)
    assert asked["kind"] == "ask", asked


def test_a_document_is_read_whatever_its_type_says_beside_json(world: World) -> None:
    for number, kind in enumerate(("application/json; charset=utf-8", "application/cimd+json", "text/json")):
        client_id = world.documents.describe(f"/type-{number}", CALLBACK, headers={"Content-Type": kind})
        assert world.check(client_id)["kind"] == "ask"
    client_id = world.documents.describe("/marked.json", CALLBACK)
    world.documents.pages["/marked.json"].body = b"\xef\xbb\xbf" + world.documents.pages["/marked.json"].body
    assert world.check(client_id)["kind"] == "ask"


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page(b"not json"), "no JSON"),
        (Page(b"[]"), "of another program"),
        (Page(b"{}", 500), "answered 500"),
        (Page(b"{}", headers={"Content-Type": "text/html"}), "no JSON"),
        (Page(b"", 302, {"Location": "https://localhost/app.json"}), "leads elsewhere"),
        (Page(b"x", headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}), "compressed"),
        (Page(b"{}", delay=6), "did not answer within 5 s"),
    ],
)
def test_servers_that_misbehave_are_refused(world: World, page: Page, said: str) -> None:
    world.documents.pages["/bad.json"] = page
    answer = world.check(f"{world.documents.base}/bad.json")
    assert (answer["kind"], said in str(answer["text"])) == ("refused", True), answer


@pytest.mark.parametrize(
    ("client_id", "said"),
    [
        ("https://127.0.0.1/app.json", "public internet"),
        ("https://[::1]/app.json", "public internet"),
        ("https://169.254.169.254/latest/meta-data", "public internet"),
        ("https://10.0.0.1/app.json", "public internet"),
        ("https://nobody.invalid/app.json", "not known"),
        ("http://localhost/app.json", "did not say which one it is"),
        ("https://localhost", "did not say which one it is"),
        ("https://localhost/", "did not say which one it is"),
        ("https://user:pass@localhost/app.json", "did not say which one it is"),
        ("https://localhost/a/../app.json", "did not say which one it is"),
        ("https://localhost/app.json#x", "did not say which one it is"),
        ("https://localhost/" + "x" * 600, "did not say which one it is"),
        ("https://localhost:99999/app.json", "did not say which one it is"),
    ],
)
def test_addresses_that_lead_inside_or_are_none_are_not_asked(world: World, client_id: str, said: str) -> None:
    answer = world.check(client_id)
    assert (answer["kind"], said in str(answer["text"])) == ("refused", True), answer


def test_a_program_of_which_nobody_heard_gets_no_token(world: World) -> None:
    client_id = world.documents.describe("/never.json", CALLBACK)
    answer = Program(world.api, client_id).token(grant_type="refresh_token", refresh_token="ncr_x")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert world.documents.asked["/never.json"] == 0  # strangers make this server ask nobody


@pytest.mark.browser
def test_the_sdk_connects_with_a_document(world: World, tmp_path: Path) -> None:
    with loopback() as waiting, opened(scripts=False) as browser:
        client_id = world.documents.describe("/sdk.json", "http://127.0.0.1/callback", client_name="Python SDK")
        sdk = Sdk(world.api, Visit(browser, world.api.stack.url, tmp_path, ""), waiting, world.ann)
        sdk.options = {"client_metadata_url": client_id}
        assert "create_note" in sdk.run(names)
        assert sdk.client_id == client_id
        assert answered(sdk.asked[0])["client_id"] == client_id
        assert sdk.run(make)["title"] == "By the SDK"
        mine = world.ann.get("auth/programs/").json()["programs"][0]
        assert (mine["name"], mine["host"], mine["origin"]) == ("Python SDK", "localhost", "document")
