"""Identity with other settings than the tests' stack: mail, no providers, a build (identity §6.1, §10, §13, §14)."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from tests.support.client import PASSWORD, Api
from tests.support.mail_server import MailServer, mail_server
from tests.support.provider import SECRET, Person, Provider
from tests.support.replica import another

from identity_service.settings import IdentitySettings
from notechondria_launcher.stack import Stack

NO_PROVIDERS = dict.fromkeys(
    [
        "GOOGLE_OAUTH_CLIENT_ID",
        "GOOGLE_OAUTH_CLIENT_SECRET",
        "GOOGLE_AUTHORIZED_REDIRECT_URIS",
        "GITHUB_APP_CLIENT_SECRET",
        "GITHUB_AUTHORIZED_REDIRECT_URI",
    ],
    "",
)


@pytest.fixture(scope="module")
def box() -> Iterator[tuple[MailServer, int]]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def post(stack: Stack, box: tuple[MailServer, int]) -> Iterator[httpx.Client]:
    """An identity that sends mail, knows no provider, runs two processes and names its build."""
    settings = {
        **NO_PROVIDERS,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(box[1]),
        "SMTP_USE_TLS": "no",
        "SMTP_FROM_EMAIL": "mail@example.org",
        "SMTP_EMAIL_VERIFICATION_TTL_HOURS": "2",
        "FRONTEND_VERIFY_URL": "https://app.example/verify",
        "BACKEND_VERSION": "9.8.7",
        "BACKEND_BUILD_COMMIT": "c" * 50,
        "BACKEND_BUILD_TIME": "2026-04-02T10:00:00Z",
        "BACKEND_DEPLOY_TARGET": "tests",
        "WEB_CONCURRENCY": "2",
    }
    with (
        another(stack, "identity", **settings) as url,
        httpx.Client(base_url=f"{url}/api/v1/", trust_env=False, timeout=30) as client,
    ):
        yield client


def letter(box: MailServer, recipient: str) -> tuple[str, str, str]:
    """Sender, subject and plain text of the newest letter to somebody."""
    found = [message for message in box.letters if message["To"] == recipient]
    assert found, [message["To"] for message in box.letters]
    for part in found[-1].walk():
        if part.get_content_type() == "text/plain":
            return str(found[-1]["From"]), str(found[-1]["Subject"]), part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    raise AssertionError(found[-1])


def code_in(text: str) -> str:
    return next(word for word in text.split() if word.isdigit() and len(word) == 6)


@pytest.mark.contract("identity §13")
def test_every_kind_of_code_is_mailed(post: httpx.Client, box: tuple[MailServer, int]) -> None:
    letters = box[0]
    name = f"mail-{secrets.token_hex(4)}"
    email = f"{name}@example.org"
    made = post.post("auth/register/", json={"username": name, "email": email, "password": PASSWORD})
    assert (made.status_code, made.json()["delivery_fallback"]) == (201, False)
    sender, subject, text = letter(letters, email)
    assert sender == "mail@example.org"
    for word in (email, f"User name: {name}", "2 hours", "https://app.example/verify"):
        assert word in text
    subjects = {subject}
    token = post.post("auth/verify-email/", json={"email": email, "code": code_in(text)}).json()["token"]
    headers = {"Authorization": f"Token {token}"}

    reset = post.post("auth/password-reset/", json={"email": email})
    assert (reset.status_code, reset.json()["delivery_fallback"]) == (200, False)
    subjects.add(letter(letters, email)[1])

    identity = post.post("auth/send-identity-code/", headers=headers)
    assert (identity.status_code, identity.json()["delivery_fallback"]) == (200, False)
    _, subject, text = letter(letters, email)
    subjects.add(subject)

    new = f"new-{email}"
    body = {"new_email": new, "identity_code": code_in(text)}
    moved = post.post("auth/change-email/", json=body, headers=headers)
    assert (moved.status_code, moved.json()["delivery_fallback"]) == (200, False)
    subjects.add(letter(letters, new)[1])
    assert len(subjects) == 4  # one for each kind


@pytest.mark.contract("identity §13")
def test_codes_are_six_digits_kept_as_a_hash(post: httpx.Client, box: tuple[MailServer, int], stack: Stack) -> None:
    name = f"hash-{secrets.token_hex(4)}"
    email = f"{name}@example.org"
    post.post("auth/register/", json={"username": name, "email": email, "password": PASSWORD})
    code = code_in(letter(box[0], email)[2])
    with psycopg.connect(stack.database_url("identity")) as identity:
        row = identity.execute(
            "SELECT digest, extract(epoch FROM expires_at - created_at) FROM codes WHERE scope = %s", (email,)
        ).fetchone()
    assert row is not None
    assert row[0] == hashlib.sha256(code.encode()).hexdigest()
    assert round(float(row[1])) == 2 * 3600


@pytest.mark.contract("identity §13")
def test_a_refused_letter_is_a_fallback_and_still_2xx(post: httpx.Client, stack: Stack) -> None:
    name = f"refused-{secrets.token_hex(4)}"
    email = f"{name}@example.org"
    answer = post.post("auth/register/", json={"username": name, "email": email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["delivery_fallback"]) == (201, True)
    port = post.base_url.port
    log = stack.log("identity").with_name(f"identity-{port}.log").read_text()
    assert email not in log  # masked (decision 50)
    lines = [line for line in log.splitlines() if "r***@example.org" in line]
    assert len(lines) == 1
    assert "WARNING" in lines[0]
    assert "reason=smtp_send_failed:SMTPRecipientsRefused" in lines[0]
    assert "verification_code" not in lines[0]


@pytest.mark.contract("identity §13")
def test_a_mail_server_that_hangs_does_not_hold_the_request(stack: Stack) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(silent.getsockname()[1]), "SMTP_TIMEOUT_SECONDS": "1"}
        with another(stack, "identity", **settings) as url:
            name = f"slow-{secrets.token_hex(4)}"
            body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            started = time.monotonic()
            answer = httpx.post(f"{url}/api/v1/auth/register/", json=body, timeout=30, trust_env=False)
            assert (answer.status_code, answer.json()["delivery_fallback"]) == (201, True)
            assert time.monotonic() - started < 10


@pytest.mark.contract("identity §6.1", "identity §14")
def test_version_and_build_come_from_the_environment(post: httpx.Client) -> None:
    body = post.get("handshake/").json()
    assert body["version"] == "9.8.7"
    assert body["build"] == {
        "version": "9.8.7",
        "commit": "c" * 40,
        "build_time": "2026-04-02T10:00:00Z",
        "deploy_target": "tests",
    }


@pytest.mark.contract("identity §10.1", "identity §10.4", "identity §3", "identity §3.4")
def test_providers_without_credentials_are_off_and_binding_is_503(post: httpx.Client, api: Api) -> None:
    body = post.get("auth/oauth-config/").json()
    assert body["google"] == {"client_id": "", "redirect_uri": ""}
    assert body["github"]["redirect_uri"] == ""
    user = api.register()
    for name in ("google", "github"):  # github lacks its secret only
        answer = post.post(f"auth/bind/{name}/", json={"code": "x"}, headers=user.headers)
        assert (answer.status_code, list(answer.json())) == (503, ["detail"])
        assert f"bind.{name}.config_lookup" in answer.json()["detail"]


@pytest.mark.contract("identity §10.3")
def test_an_empty_redirect_is_left_out_of_the_exchange(stack: Stack, provider: Provider) -> None:
    settings = {**NO_PROVIDERS, "GITHUB_APP_CLIENT_SECRET": SECRET}
    person = Person(login=f"plain-{secrets.token_hex(4)}", name="Plain")
    with another(stack, "identity", **settings) as url:
        body = {"code": provider.add(person), "redirect_uri": ""}
        answer = httpx.post(f"{url}/api/v1/auth/github/", json=body, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert "redirect_uri" not in person.sent


@pytest.mark.contract("identity §14")
@pytest.mark.parametrize(
    "name",
    [
        "DJANGO_DEBUG", "DJANGO_ALLOWED_HOSTS", "RENDER_EXTERNAL_HOSTNAME", "BACKEND_CUSTOM_DOMAIN",
        "DJANGO_CSRF_TRUSTED_ORIGINS", "APP_HOST_PORT", "FRONTEND_ORIGIN", "FRONTEND_VERIFY_URL", "DATABASE_URL",
        "POSTGRE_DB", "POSTGRE_USERNAME", "POSTGRE_PASSWORD", "POSTGRE_HOST", "POSTGRE_PORT",
        "DJANGO_PRODUCTION_MEDIA_ROOT", "CLOUDFLARE_R2_BUCKET_NAME", "CLOUDFLARE_R2_ACCOUNT_ID",
        "CLOUDFLARE_R2_ACCESS_KEY_ID", "CLOUDFLARE_R2_SECRET_ACCESS_KEY", "CLOUDFLARE_R2_CUSTOM_DOMAIN", "SMTP_HOST",
        "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_USE_TLS", "SMTP_USE_SSL", "SMTP_FROM_EMAIL",
        "SMTP_EMAIL_VERIFICATION_TTL_HOURS", "GOOGLE_OAUTH_CLIENT_ID", "GOOGLE_OAUTH_CLIENT_SECRET",
        "GOOGLE_AUTHORIZED_REDIRECT_URI", "GOOGLE_AUTHORIZED_REDIRECT_URIS", "GITHUB_APP_CLIENT_ID",
        "GITHUB_APP_CLIENT_SECRET", "GITHUB_AUTHORIZED_REDIRECT_URI", "GITHUB_AUTHORIZED_REDIRECT_URIS",
        "DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_EMAIL", "DJANGO_SUPERUSER_PASSWORD", "DJANGO_LOG_LEVEL",
        "DJANGO_LOG_FILE_NAME", "DJANGO_ACCESS_LOG_FORCE_COLOR", "PORT", "WEB_CONCURRENCY", "BACKEND_BUILD_COMMIT",
        "BACKEND_BUILD_TIME", "BACKEND_DEPLOY_TARGET",
    ],
)  # fmt: skip
def test_every_name_is_read(name: str) -> None:
    assert name.lower() in IdentitySettings.model_fields


@pytest.mark.contract("identity §17")
def test_a_start_waits_for_the_database_and_says_what_is_wrong(stack: Stack) -> None:
    def start(url: str) -> subprocess.CompletedProcess[str]:
        env = {**stack.plan.settings.environment("identity"), "PORT": "1", "DATABASE_URL": url}
        env["DATABASE_WAIT_SECONDS"] = "1.5"
        command = [sys.executable, "-m", "identity_service"]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    with socket.socket() as closed:  # bound, not listening
        closed.bind(("127.0.0.1", 0))
        started = time.monotonic()
        away = start(f"postgresql://identity:x@127.0.0.1:{closed.getsockname()[1]}/notechondria")
        assert time.monotonic() - started >= 1.5
    right = stack.database_url("identity")
    wrong = start(re.sub(r":[^:@/]+@", ":wrong-password@", right))
    for done in (away, wrong):
        assert done.returncode == 3, done.stderr
        assert "CRITICAL" in done.stderr
        assert "Traceback" not in done.stderr
        assert "wrong-password" not in done.stderr
