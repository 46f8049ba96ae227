"""An account with something on every page: notes and their versions, a bin, keys, a program, calls, calendars."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psycopg

from tests.support.client import Api, User, eventually
from tests.support.mcp import Agent
from tests.support.people import Person, confirm
from tests.support.programs import Program

HOSTILE = '<img src=x onerror="document.title=1">"\'><script>document.title=1</script>'
LONG = "Averyveryverylongwordthatdoesnotbreak" * 3
FEED = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:{name}\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:20301201T100000Z\r\nSUMMARY:{name}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass(frozen=True, slots=True)
class FullAccount:
    """The pages of the account below /account/, by name: those to look at, and forms that are sent by POST."""

    user: User
    pages: dict[str, str]
    posts: tuple[str, ...]


def archive(**files: str) -> bytes:
    """A zip of texts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return packed.getvalue()


def fill(api: Api, user: User, *, name: str, feed: str) -> FullAccount:
    """Put something on every page; `name` is what things are called, `feed` an address of a calendar."""
    short = name[:90]
    agent = Agent(api, user)
    course = user.post("courses/", {"title": f"C {short}"}).json()
    note = user.post(
        "notes/", {"title": f"N {short}", "content": f"{name}\nsecond line", "course_id": course["id"]}
    ).json()
    user.post(f"notes/{note['id']}/snapshot/", {"reason": "manual"})
    user.patch(f"notes/{note['id']}/", {"content": f"{name}\nanother line\nthird {LONG}"})
    binned = user.post("notes/", {"title": f"B {short}"}).json()
    user.delete(f"notes/{binned['id']}/")
    user.post("planner-events/", {"title": f"E {short}", "event_date": "2999-01-02"})
    made = agent("create_note", title=f"A {short}", content=name, course=f"C {short}")
    agent("update_note", note_id=made["id"], description=name)
    agent("search_notes", query=name)
    agent.fails("get_note", note_id=10**9)
    user.post("calendar-feeds/", {"title": f"F {short}", "source_kind": "S", "source_url": feed})
    user.post("calendar-feeds/", {"title": f"G {short}", "source_kind": "S", "source_url": "http://127.0.0.1:9/x.ics"})
    link = user.post("calendar-links/", {"name": f"L {short}"}).json()
    address = urlsplit(link["url"]).path
    httpx.get(f"{api.base}{address}", headers=[(b"User-Agent", name.encode())], trust_env=False)
    Program.registered(api).connect(user)
    user.patch("settings/", {"motto": short, "display_name": short})
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE api_keys SET name = %s WHERE user_id = %s", [f"K {short}", user.id])
    with Person(api, agent=name.encode("ascii", "ignore").decode()) as person:
        person.sign_in(user.username)
        confirm(person)
        listed = person.get("agents/").text
        key = re.findall(r"agents/keys/(\d+)/\"", listed)[0]
        program = re.findall(r"agents/programs/(\d+)/\"", listed)[0]
        calls = re.findall(r"undo/\?call=(\d+)", person.get("agents/log/").text)
        run = person.submit("agents/undo/", {}, call=calls[0]).headers["location"].removeprefix("/account/")
        version = re.findall(r"versions/(\d+)/\"", person.get(f"notes/{note['id']}/versions/").text)[0]
        hidden = person.hidden(person.get("notes/import/").text)
        packed = archive(**{f"good {LONG[:60]}.md": f"# {name}", "bad <b>.md": "\x00bad"})
        begun = person.http.post("/account/notes/import/", data=hidden, files={"file": ("notes.zip", packed)})
        job = begun.headers["location"].removeprefix("/account/")
        eventually(lambda: 'http-equiv="refresh"' not in person.get(job).text, what="the import is done")
        own = [row["id"] for row in user.get("calendar-links/").json()]
        feeds = [row["id"] for row in user.get("calendar-feeds/").json()]
    versions = f"notes/{note['id']}/versions/"
    pages = {
        "overview": "",
        "notes": "notes/",
        "bin": "notes/bin/",
        "purge": f"notes/bin/{binned['id']}/purge/",
        "empty": "notes/bin/empty/",
        "export": "notes/export/",
        "import": "notes/import/",
        "imported": job,
        "versions": versions,
        "difference": f"{versions}{version}/",
        "restore-version": f"{versions}{version}/restore/",
        "agents": "agents/",
        "new-key": "agents/keys/new/",
        "key": f"agents/keys/{key}/",
        "revoke-key": f"agents/keys/{key}/revoke/",
        "program": f"agents/programs/{program}/",
        "disconnect": f"agents/programs/{program}/disconnect/",
        "agents-log": "agents/log/",
        "undo": f"agents/undo/?call={calls[-1]}",
        "undone": run,
        "calendars": "calendars/",
        "new-link": "calendars/links/new/",
        "new-address": f"calendars/links/{own[0]}/regenerate/",
        "remove-link": f"calendars/links/{own[0]}/remove/",
        "subscribing": "calendars/subscribing/",
        "new-feed": "calendars/feeds/new/",
        "remove-feed": f"calendars/feeds/{feeds[0]}/remove/",
        "profile": "profile/",
        "address": "profile/address/",
        "delete": "profile/delete/",
        "security": "security/",
        "password": "password/",
        "log": "log/",
        "devices": "devices/",
        "sign-out-others": "devices/others/",
        "programs": "programs/",
        "confirm": "confirm/",
    }
    posts = (
        f"notes/bin/{binned['id']}/restore/",
        f"notes/bin/{binned['id']}/purge/",
        f"{versions}{version}/restore/",
        f"agents/keys/{key}/",
        f"agents/keys/{key}/revoke/",
        f"agents/programs/{program}/",
        f"agents/programs/{program}/disconnect/",
        "agents/undo/",
        f"calendars/links/{own[0]}/regenerate/",
        f"calendars/links/{own[0]}/remove/",
        f"calendars/feeds/{feeds[0]}/read/",
        f"calendars/feeds/{feeds[0]}/remove/",
    )
    return FullAccount(user, pages, posts)
