"""What ends the access of programs beside the person's word, what is kept of it, and what nobody finds anywhere."""

from __future__ import annotations

import io
import json
import secrets
import time
import zipfile

import httpx
import psycopg
import pytest
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.direct_identity import direct_with_mail
from tests.support.programs import Program, answered, consent_answer
from tests.support.replica import another

from notechondria_launcher.stack import Stack
from notechondria_shared.auth.credentials import digest

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
NEW_PASSWORD = "Wrong-donkey-8"


@pytest.fixture
def ann(api: Api) -> User:
    return api.register()


@pytest.fixture
def program(api: Api, ann: User) -> Program:
    """A program that is connected and was used."""
    connected = Program.registered(api)
    connected.connect(ann)
    assert ping(connected) == 200
    return connected


def ping(program: Program) -> int:
    return program.api.request("POST", "/mcp", json=PING, headers=program.bearer).status_code


def is_over(program: Program) -> bool:
    eventually(lambda: ping(program) == 401, seconds=5, what="the access token is dead")
    return bool(program.refresh().json()["error"] == "invalid_grant")


def test_a_reset_of_the_password_ends_all_programs(api: Api, ann: User, program: Program) -> None:
    api.post("auth/password-reset/", {"email": ann.email})
    body = {"email": ann.email, "code": api.code_for(ann.email), "password": NEW_PASSWORD}
    assert api.post("auth/password-reset/confirm/", body).status_code == 200
    assert is_over(program)


@pytest.mark.parametrize("keys_too", [True, False])
def test_a_change_of_the_password_ends_them_with_the_keys(
    api: Api, ann: User, program: Program, *, keys_too: bool
) -> None:
    ann.post("auth/send-identity-code/")
    body = {
        "identity_code": api.code_for(ann.email),
        "current_password": PASSWORD,
        "new_password": NEW_PASSWORD,
        "revoke_api_keys": keys_too,
    }
    answer = ann.post("auth/change-password/", body)
    assert answer.status_code == 200, answer.text
    assert is_over(program) if keys_too else ping(program) == 200


def test_a_disabled_account_has_no_programs(stack: Stack, ann: User, program: Program) -> None:
    url = f"{stack.service_url('identity')}/internal/operators/users/{ann.username}"
    headers = stack.internal_header("identity")
    assert httpx.patch(url, json={"disabled": True}, headers=headers, trust_env=False).is_success
    assert is_over(program)


def test_a_deleted_account_leaves_no_rows(stack: Stack, ann: User, program: Program) -> None:
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        row = identity.execute("SELECT id FROM oauth_grants WHERE user_id = %s", [ann.id]).fetchone()
        assert row is not None
        assert ann.delete("auth/account/", json={"password": PASSWORD}).status_code == 204
        assert is_over(program)
        for table in ("oauth_codes", "oauth_tokens"):
            kept = identity.execute(f"SELECT count(*) FROM {table} WHERE grant_id = %s", row).fetchone()
            assert kept == (0,)
        assert identity.execute("SELECT count(*) FROM oauth_grants WHERE id = %s", row).fetchone() == (0,)


def test_the_export_names_programs_and_holds_no_secret(ann: User, program: Program) -> None:
    archive = zipfile.ZipFile(io.BytesIO(ann.get("auth/account/export/").content))
    (kept,) = json.loads(archive.read("account.json"))["programs"]
    assert (kept["program"], kept["revoked_at"]) == ("A program", None)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode("latin-1")
    for secret in (program.tokens["access_token"], program.tokens["refresh_token"]):
        assert secret not in everything
        assert digest(secret) not in everything


def test_only_digests_are_kept_and_nothing_is_logged(api: Api, stack: Stack, ann: User, program: Program) -> None:
    program.refresh()
    query = program.query(state="a-very-secret-state")
    api.get(f"/oauth/authorize?{query}&code=ncc_code-of-mine")
    code = program.code(ann)
    program.redeem(code)
    secrets_of = [code, program.verifier, program.tokens["access_token"], program.tokens["refresh_token"]]
    last = f"log-{secrets.token_hex(8)}"
    api.get("ping/", headers={"X-Request-ID": last})
    access = stack.log("gateway").parent / "access.log"
    eventually(lambda: last in access.read_text())
    logs = [access, *(stack.log(part) for part in ("gateway", "identity", "web", "mcp", "notes"))]
    for log in logs:
        text = log.read_text()
        for secret in (*secrets_of, "a-very-secret-state", "code-of-mine"):
            assert secret not in text, log
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        for table in ("oauth_codes", "oauth_tokens", "oauth_clients", "oauth_grants"):
            text = str(identity.execute(f"SELECT * FROM {table}").fetchall())
            assert not [secret for secret in secrets_of if secret in text], table


def test_a_person_has_a_hundred_connections_and_the_oldest_end(stack: Stack, ann: User, program: Program) -> None:
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "INSERT INTO oauth_grants (user_id, client_id, scopes, audience, created_at, expires_at, redeemed_at,"
            " last_used_at) SELECT user_id, client_id, scopes, audience, now() - n * interval '1 minute', expires_at,"
            " now(), now() - n * interval '1 minute' FROM oauth_grants, generate_series(1, 120) n WHERE user_id = %s",
            [ann.id],
        )
        Program.registered(program.api).connect(ann)
        living = "SELECT count(*) FROM oauth_grants WHERE user_id = %s AND revoked_at IS NULL"
        assert identity.execute(living, [ann.id]).fetchone() == (100,)
    assert ping(program) == 200


def test_programs_that_nobody_uses_go(api: Api, stack: Stack, ann: User, program: Program) -> None:
    unused, young, idle = (Program.registered(api) for _ in range(3))
    idle.connect(ann)
    ids = [one.client_id for one in (unused, young, idle, program)]
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:

        def left() -> set[str]:
            rows = identity.execute("SELECT client_id FROM oauth_clients WHERE client_id = ANY(%s)", [ids])
            return {row[0] for row in rows}

        age = "UPDATE oauth_clients SET created_at = now() - %s::interval WHERE client_id = %s"
        identity.execute(age, ["49 hours", unused.client_id])
        identity.execute(age, ["47 hours", young.client_id])
        rest = "UPDATE oauth_clients SET last_used_at = now() - %s::interval WHERE client_id = %s"
        identity.execute(rest, ["31 days", idle.client_id])
        identity.execute(rest, ["29 days", program.client_id])
        identity.execute("UPDATE oauth_codes SET expires_at = now() - interval '2 days'")
        assert left() == set(ids)
        stack.restart_part("identity")  # a round is made at the start, and every hour
        eventually(lambda: left() == {young.client_id, program.client_id}, what="unused programs are gone")
        eventually(lambda: identity.execute("SELECT count(*) FROM oauth_codes").fetchone() == (0,))
    answer = eventually(lambda: _answered(idle))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert program.refresh().status_code == 200


def _answered(program: Program) -> httpx.Response | None:
    answer = program.refresh()
    return answer if answer.status_code < 500 else None


def test_limits_count_networks(stack: Stack, ann: User) -> None:
    with another(stack, "identity", ACCOUNT_RATE_PER_MINUTE="10") as url:
        body = {"redirect_uris": ["https://program.example/cb"]}
        network = f"2001:db8:{secrets.randbelow(65536):x}:7"

        def send(path: str, source: str, **options: object) -> httpx.Response:
            headers = {"X-Forwarded-For": source}
            return httpx.post(f"{url}/oauth/{path}", headers=headers, trust_env=False, timeout=20, **options)  # type: ignore[arg-type]

        def taken_before_429(path: str, **options: object) -> tuple[int, float]:
            """How many requests of the network were taken before the first that was too many, and the seconds of it."""
            begun = time.monotonic()
            for number in range(400):
                if send(path, f"{network}::{number + 1:x}", **options).status_code == 429:
                    return number, time.monotonic() - begun
            raise AssertionError(path)

        # A bucket refills as time goes by: on a slow machine more are taken.
        taken, seconds = taken_before_429("register", json=body)
        assert 20 <= taken <= 21 + seconds / 3
        refused = send("register", f"{network}::ffff", json=body)
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert send("register", "2001:db8:1:8::1", json=body).status_code == 201
        form = {"grant_type": "refresh_token", "client_id": "nobody", "refresh_token": "ncr_x"}
        taken, seconds = taken_before_429("token", data=form)
        assert 60 <= taken <= 61 + seconds
        assert send("token", "2001:db8:1:8::1", data=form).status_code == 401


def test_documents_are_counted_by_person(stack: Stack, ann: User) -> None:
    with another(stack, "identity", ACCOUNT_RATE_PER_MINUTE="10") as url:
        program = Program(ann.api, "https://127.0.0.1/app.json")
        body = {"query": program.query()}
        statuses = [consent_answer(ann, "check", body, identity=url).status_code for _ in range(25)]
        assert statuses[:20] == [200] * 20
        assert 429 in statuses[20:]


def test_connecting_and_disconnecting_is_written_down_and_mailed_once(stack: Stack) -> None:
    with direct_with_mail(stack) as identity, Api(stack) as api:
        ann = api.register()
        program = Program.registered(api, client_name="Helper")
        body = {"query": program.query(), "scopes": ["notes:read"], "days": 1}
        back = consent_answer(ann, "approve", body, identity=identity.url).json()["answer"]
        letter = identity.letter(ann.email)
        assert "A program may now act for your account" in letter
        assert "Mac" in letter
        assert answered(back["url"])["code"] not in letter
        program.redeem(answered(back["url"])["code"])
        (mine,) = ann.get("auth/programs/").json()["programs"]
        assert consent_answer(ann, f"programs/{mine['id']}", method="DELETE", identity=identity.url).status_code == 204
        assert len([one for one in identity.mail.letters if one["To"] == ann.email]) == 1
        with psycopg.connect(stack.database_url("identity")) as database:
            rows = database.execute(
                "SELECT kind, detail, device_label FROM security_events WHERE user_id = %s AND kind LIKE 'program%%'"
                " ORDER BY id",
                [ann.id],
            ).fetchall()
    assert rows == [("program_connected", "Helper", "Mac"), ("program_disconnected", "Helper", "Mac")]
