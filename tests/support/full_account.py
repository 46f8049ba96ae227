"""An account with something on every page: notes and their versions, a bin, keys, a program, calls, calendars."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psycopg

from notechondria_launcher.stack import Stack
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


def write_a_year(stack: Stack, user: User, note_id: int) -> None:
    """Something written on many days of the past year, as notes' events would have it."""
    with psycopg.connect(stack.database_url("planner"), autocommit=True) as planner:
        planner.execute(
            "INSERT INTO activities (activity_id, user_id, note_id, activity_type, activity_date, word_count)"
            " SELECT gen_random_uuid(), %s, %s, 'C', current_date - n, 60 * (n %% 7) FROM generate_series(1, 360) n"
            " WHERE n %% 3 = 0 OR n %% 11 < 4",
            [user.id, note_id],
        )


def fill(api: Api, user: User, *, name: str, feed: str) -> FullAccount:
    """Put something on every page; `name` is what things are called, `feed` an address of a calendar."""
    short = name[:80]
    agent = Agent(api, user)
    course = user.post("courses/", {"title": short}).json()
    text = {"title": f"{short}: lecture", "content": f"{name}\nsecond line", "course_id": course["id"]}
    note = user.post("notes/", text).json()
    user.post(f"notes/{note['id']}/snapshot/", {"reason": "manual"})
    user.patch(f"notes/{note['id']}/", {"content": f"{name}\nanother line\nthird {LONG}"})
    binned = user.post("notes/", {"title": f"{short}: old draft"}).json()
    user.delete(f"notes/{binned['id']}/")
    user.post("planner-events/", {"title": f"{short}: exam", "event_date": "2999-01-02"})
    agent("create_note", title=f"{short}: taken back")
    made = agent("create_note", title=f"{short}: summary", content=name, course=short)
    agent("update_note", note_id=made["id"], description=name)
    agent("search_notes", query=name)
    agent.fails("get_note", note_id=10**9)
    user.post("calendar-feeds/", {"title": f"{short}: timetable", "source_kind": "S", "source_url": feed})
    unread = {"title": f"{short}: holidays", "source_kind": "S", "source_url": "http://127.0.0.1:9/x.ics"}
    user.post("calendar-feeds/", unread)
    link = user.post("calendar-links/", {"name": f"{short}: telephone"}).json()
    address = urlsplit(link["url"]).path
    httpx.get(f"{api.base}{address}", headers=[(b"User-Agent", name.encode())], trust_env=False)
    Program.registered(api).connect(user)
    user.patch("settings/", {"motto": short, "display_name": short})
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE api_keys SET name = %s WHERE user_id = %s", [f"{short}: laptop", user.id])
    write_a_year(api.stack, user, note["id"])
    with Person(api, agent=name.encode("ascii", "ignore").decode()) as person:
        person.sign_in(user.username)
        confirm(person)
        listed = person.get("agents/").text
        key = re.findall(r"agents/keys/(\d+)/\"", listed)[0]
        program = re.findall(r"agents/programs/(\d+)/\"", listed)[0]
        calls = re.findall(r"undo/\?call=(\d+)", person.get("agents/log/").text)
        run = person.submit("agents/undo/", {}, call=calls[-1]).headers["location"].removeprefix("/account/")
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
        "undo": f"agents/undo/?agent=key-{key}",
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
