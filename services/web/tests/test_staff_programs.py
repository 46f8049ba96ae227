"""Programs that staff makes for who wants a client id and a secret, and ends (docs/admin.md)."""

from __future__ import annotations

import base64
import re
import secrets

from tests.support.admin import Site
from tests.support.client import Api, eventually
from tests.support.programs import CALLBACK, Program, consent

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def test_staff_makes_a_program_with_a_secret_and_deletes_it(api: Api, site: Site) -> None:
    name = f"Partner {secrets.token_hex(3)}"
    wrong = site.post("programs/new/", name=name, redirect_uris="http://partner.example/cb")
    assert (wrong.status_code, "each https" in wrong.text) == (400, True)
    made = site.post("programs/new/", name=name, redirect_uris=f"{CALLBACK} http://127.0.0.1/cb")
    assert made.status_code == 303
    path = made.headers["location"].removeprefix("/admin/").partition("?")[0]
    (client_id,) = re.findall(r"program-[0-9a-f]{32}", site.get(path).text)[:1]
    ann = api.register()
    program = Program(api, client_id)
    asked = consent(ann, "check", {"query": program.query()})
    assert (asked["program"]["name"], asked["program"]["origin"]) == (name, "staff")
    program.connect(ann)  # without a secret as yet
    page = site.post(f"{path}secret/").text
    (secret,) = re.findall(r"ncs_[A-Za-z0-9_-]{43}", page)
    assert program.refresh().json()["error"] == "invalid_client"
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": program.tokens["refresh_token"]}
    answer = api.request("POST", "/oauth/token", data=form, headers={"Authorization": f"Basic {basic}"})
    assert answer.status_code == 200
    assert secret not in site.get(path).text
    site.act(f"{path}delete/", gone=True)
    eventually(lambda: api.request("POST", "/mcp", json=PING, headers=program.bearer).status_code == 401, seconds=5)
    assert consent(ann, "check", {"query": program.query()})["kind"] == "refused"


def test_only_staffs_own_programs_get_a_secret(api: Api, site: Site) -> None:
    name = f"Self {secrets.token_hex(3)}"
    Program.registered(api, client_name=name)
    (key,) = re.findall(r"/admin/programs/(\d+)/", site.get("programs/", q=name).text)[:1]
    assert "New secret" not in site.get(f"programs/{key}/").text
    assert site.post(f"programs/{key}/secret/").status_code == 404
