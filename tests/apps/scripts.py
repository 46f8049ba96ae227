"""The scripts of the three apps. `make docs` writes the table of apps §9 from them.

`only` marks what one generation does: `old` are the apps up to 0.1.104, `newest` those of 0.1.105 to 0.1.197. A script
leaves what it made to those after it; `scripts_of` gives them in the order of a person's day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.apps.kit import Call, Script
from tests.apps.shapes import (
    ATTACHMENT,
    AUTH,
    COURSE,
    DETAIL,
    DETAIL_TEXT,
    EVENT,
    FEED,
    FRONT_PAGE,
    HANDSHAKE,
    HEATMAP,
    NEW_COURSE,
    NEW_HANDSHAKE,
    NEW_SETTINGS,
    NOTE_PAGE,
    OWN_FRONT_PAGE,
    SESSION,
    SETTINGS,
    SUMMARY,
    TOKEN,
    UTC_OFFSET,
    VERSION,
    WEEK,
    ListOf,
    Maybe,
    Reads,
)

TODAY = datetime.now(UTC).date()
TOMORROW = str(TODAY + timedelta(days=1))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000"
    "000c49444154789c63606868000001840101568f20230000000049454e44ae426082"
)
"""A picture of one pixel."""
ICAL = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:seminar\r\nSUMMARY:Seminar\r\n"
    f"DTSTART:{TODAY:%Y%m%d}T093000Z\r\nDTEND:{TODAY:%Y%m%d}T103000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
LONG_HEADING = "What the mitochondria do all day, " * 3 + "and why the cell has so many of them"
PASSWORD = "Correct-horse-7"

HELLO = (
    Call("GET", "handshake/", anonymous=True, reads=HANDSHAKE, only="old"),
    Call("GET", "handshake/", anonymous=True, reads=NEW_HANDSHAKE, only="newest"),
)
SIGN_UP = Script(
    "editor",
    "sign-up",
    (
        *HELLO,
        Call("GET", "auth/oauth-config/", anonymous=True,
             reads=Reads({name: Reads({"client_id": str, "redirect_uri": str}) for name in ("google", "github")})),
        Call("POST", "auth/validate-invitation/", {"invitation_code": ""}, anonymous=True,
             reads=Reads({"required": bool, "valid": bool})),
        Call("POST", "auth/register/", {"username": "{username}", "email": "{email}", "password": PASSWORD},
             anonymous=True, status=201, reads=Reads({"message": str})),
        Call("POST", "auth/verify-email/", {"email": "{email}", "code": "{code}"}, anonymous=True,
             reads=AUTH, keeps={"token": "token"}),
        Call("GET", "settings/", reads=SETTINGS),
        Call("POST", "auth/logout/", kind="none", status=204),
    ),
)  # fmt: skip
SIGN_IN = Script(
    "portal",
    "sign-in",
    (
        Call("GET", "auth/casdoor/config/", anonymous=True, reads=Reads({"configured": bool}), only="newest"),
        Call("POST", "auth/casdoor/exchange/", {"code": "not one of ours", "state": "casdoor"}, anonymous=True,
             status=400, reads=DETAIL_TEXT, only="newest"),
        Call("POST", "auth/login/", {"email": "{email}", "password": PASSWORD}, anonymous=True,
             reads=AUTH, keeps={"token": "token", "me": "user.username"}),
        Call("GET", "settings/", reads=SETTINGS, only="old"),
        Call("GET", "settings/", reads=NEW_SETTINGS, only="newest"),
        Call("PATCH", "settings/", {"last_seen_versions": {"portal": "0.1.197"}},
             reads=NEW_SETTINGS, only="newest"),
    ),
)  # fmt: skip
EDITOR_START = Script(
    "editor",
    "start",
    (
        *HELLO,
        Call("GET", "auth/session/", reads=Reads({"authenticated": (True,), "token": TOKEN}), only="old"),
        Call("GET", "settings/", reads=SETTINGS),
        Call("GET", "courses/", reads=ListOf(COURSE, least=1), only="old"),
        Call("GET", "courses/", reads=ListOf(NEW_COURSE), only="newest"),
        Call("GET", "activity/", reads=ListOf(SUMMARY)),
        Call("GET", "notes/?scope=personal&limit=50&offset=0", reads=NOTE_PAGE),
        Call("GET", "notes/?scope=personal&course_id=none&limit=20&offset=0", reads=NOTE_PAGE, only="newest"),
        Call("GET", "notes/deleted/", reads=ListOf(SUMMARY)),
        Call("GET", "front-page/", reads=OWN_FRONT_PAGE),
    ),
)
INBOX_GOES = Script(
    "editor",
    "the Inbox row of the newest editor",
    (
        Call("GET", "courses/", reads=ListOf(NEW_COURSE, least=1), keeps={"inbox": "0.id"}, only="newest"),
        Call("DELETE", "courses/{inbox}/", kind="none", status=204, only="newest"),
        Call("POST", "notes/", {"title": "Loose sheet", "content": "# Loose sheet", "course_id": None},
             status=201, reads=DETAIL, only="newest"),
        Call("GET", "notes/?course_id=none&limit=20", reads=NOTE_PAGE, only="newest"),
    ),
)  # fmt: skip
EDITING = Script(
    "editor",
    "editing",
    (
        Call("POST", "courses/", {"title": "Cell biology", "description": "", "client_course_id": "course-{username}"},
             status=201, reads=COURSE, keeps={"course": "id"}),
        Call("PATCH", "courses/{course}/", {"title": "Cell biology", "icon": 58713}, reads=COURSE),
        Call("PATCH", "courses/{course}/", {"color_hue": 210}, reads=NEW_COURSE, only="newest"),
        Call("POST", "courses/reorder/", {"course_ids": ["{course}"]}, reads=ListOf(COURSE)),
        Call("POST", "notes/",
             {"title": "Mitosis", "description": "d" * 300, "course_id": "{course}", "is_public": False,
              "content": "# Mitosis\n\ntext", "metadata_json": '{"a":1}', "editor_mode": "P"},
             status=201, reads=DETAIL, keeps={"note": "id", "uuid": "uuid"}),
        Call("POST", "notes/", {"title": LONG_HEADING, "content": f"# {LONG_HEADING}\n", "course_id": None},
             status=201, reads=DETAIL, only="newest"),
        Call("POST", "note-sessions/",
             {"note_id": "{note}", "title": "Mitosis", "summary": "", "started_at": f"{TODAY}T08:00:00.000"},
             status=201, reads=SESSION, keeps={"session": "id"}, only="old"),
        Call("POST", "note-sessions/",
             {"note_id": "{note}", "title": "Mitosis", "summary": "d" * 300, "started_at": f"{TODAY}T08:00:00.000"},
             status=201, reads=SESSION, keeps={"session": "id"}, only="newest"),
        Call("PATCH", "notes/{note}/",
             {"title": "Mitosis", "description": "", "course_id": "{course}", "is_public": False,
              "content": "# Mitosis\n\nmore text", "metadata_json": "", "editor_mode": "G"}, reads=DETAIL),
        Call("POST", "notes/{note}/snapshot/", {"reason": "autosave_1m"}, status=201, reads=VERSION,
             keeps={"version": "id"}),
        Call("GET", "notes/{note}/history/", reads=ListOf(VERSION, least=1)),
        Call("POST", "notes/{note}/restore/{version}/", {}, reads=DETAIL),
        Call("POST", "notes/uuid/{uuid}/attachments/", {"file": ("proof.png", PNG, "image/png")}, kind="multipart",
             status=201, reads=ATTACHMENT, keeps={"attachment": "id"}),
        Call("GET", "notes/{note}/attachments/", reads=ListOf(ATTACHMENT, least=1)),
        Call("DELETE", "notes/uuid/{uuid}/attachments/{attachment}/", kind="none", status=204),
        Call("POST", "notes/{note}/cover/", {"cover": ("cover.png", PNG, "image/png")}, kind="multipart",
             reads=SUMMARY),
        Call("DELETE", "notes/{note}/cover/", kind="none", reads=SUMMARY),
        Call("PATCH", "note-sessions/{session}/", {"ended_at": f"{TODAY}T08:20:00.000"}, reads=SESSION),
        Call("GET", "notes/{note}/", reads=DETAIL | {"can_edit": bool}),
        Call("GET", "notes/?scope=all&q=mitosis&limit=20&offset=0", reads=NOTE_PAGE),
    ),
)  # fmt: skip
RESYNC = Script(
    "editor",
    "offline resync",
    (
        Call("POST", "courses/", {"title": "Made offline", "description": "", "client_course_id": "off-{username}"},
             status=201, reads=COURSE, keeps={"offline": "id"}),
        Call("POST", "courses/", {"title": "Made offline", "description": "", "client_course_id": "off-{username}"},
             reads=COURSE),
        Call("POST", "notes/",
             {"title": "Draft", "description": "", "content": "# Draft", "editor_mode": "P", "course_id": "{offline}",
              "metadata_json": "", "client_draft_id": "draft-{username}", "is_public": False},
             status=201, reads=DETAIL, keeps={"draft": "id"}),
        Call("POST", "notes/",
             {"title": "Draft", "description": "", "content": "# Draft 2", "editor_mode": "P", "metadata_json": "",
              "client_draft_id": "draft-{username}", "is_public": False}, reads=DETAIL),
        Call("PATCH", "notes/{draft}/", {"content": "# Draft 3", "is_public": False}, reads=DETAIL),
        Call("POST", "planner-events/", {"title": "x", "event_date": TOMORROW, "course_id": -1714}, status=404,
             reads=DETAIL_TEXT),
    ),
)  # fmt: skip
BIN = Script(
    "editor",
    "recycle bin",
    (
        Call("DELETE", "notes/{draft}/", kind="none", status=204),
        Call("GET", "notes/deleted/", reads=ListOf(SUMMARY, least=1)),
        Call("POST", "notes/{draft}/restore/", {}, reads=DETAIL),
        Call("DELETE", "notes/{draft}/", kind="none", status=204),
        Call("DELETE", "notes/deleted/empty/", kind="none", reads=Reads({"count": int, "deleted_count": int})),
        Call("GET", "notes/{draft}/", status=404, reads=DETAIL_TEXT),
    ),
)
PLANNER_START = Script(
    "planner",
    "start",
    (
        *HELLO,
        Call("GET", "auth/session/", reads=Reads({"authenticated": (True,)}), only="old"),
        Call("GET", "settings/", reads=SETTINGS),
        Call("GET", "courses/", reads=ListOf(COURSE)),
        Call("GET", "activity/", reads=ListOf(SUMMARY)),
        Call("GET", "notes/?course_id={course}", reads=ListOf(SUMMARY), only="old"),
        Call("GET", "courses/{course}/notes/?limit=50&offset=0", reads=NOTE_PAGE, only="newest"),
        Call("GET", "planner-events/", reads=ListOf(EVENT)),
        Call("GET", "calendar-feeds/", reads=ListOf(FEED)),
        Call("GET", f"activity/week/?start_date={TODAY}", reads=WEEK),
        Call("GET", "notes/deleted/", reads=ListOf(SUMMARY)),
        Call("GET", "notes/?limit=50&offset=0", reads=NOTE_PAGE),
    ),
)
WEEK_SCRIPT = Script(
    "planner",
    "week",
    (
        Call("POST", "planner-events/",
             {"title": "Hand in lab report", "event_date": TOMORROW, "starts_at": f"{TOMORROW}T14:00:00.000",
              "ends_at": f"{TOMORROW}T15:00:00.000", "difficulty_weight": 3, "description": "",
              "course_id": "{course}"},
             status=201, reads=EVENT, keeps={"event": "id"}),
        Call("GET", f"activity/week/?start_date={TODAY}", reads=WEEK),
        Call("PATCH", "planner-events/{event}/", {"is_completed": True, "completed_at": f"{TODAY}T10:00:00.000Z"},
             reads=EVENT),
        Call("GET", f"activity/week/?start_date={TODAY}", reads=WEEK),
        Call("PATCH", "planner-events/{event}/", {"is_completed": False, "completed_at": None}, reads=EVENT),
        Call("GET", "planner-events/", reads=ListOf(EVENT, least=1)),
        Call("GET", "heatmap/", reads=HEATMAP, only="old"),
        Call("GET", "heatmap/?back=364&ahead=28", reads=HEATMAP, only="newest"),
    ),
)  # fmt: skip
FEEDS = Script(
    "planner",
    "feeds",
    (
        Call("POST", "calendar-feeds/",
             {"title": "Lab timetable", "source_kind": "I", "raw_ical": ICAL, "course_id": None},
             status=201, reads=FEED, keeps={"feed": "id"}),
        Call("GET", "calendar-feeds/", reads=ListOf(FEED, least=1)),
        Call("GET", f"activity/week/?start_date={TODAY}", reads=WEEK, contains="Seminar"),
        Call("PATCH", "calendar-feeds/{feed}/", {"is_enabled": False}, reads=FEED),
        Call("DELETE", "calendar-feeds/{feed}/", kind="none", status=204),
        Call("POST", "calendar-feeds/", {"title": "Bad", "source_kind": "I", "source_url": "no address"}, status=400,
             reads=Reads({"source_url": ListOf(str, least=1)})),
    ),
)  # fmt: skip
PORTAL_START = Script(
    "portal",
    "start",
    (
        *HELLO,
        Call("GET", "auth/session/", reads=Reads({"authenticated": (True,)}), only="old"),
        Call("GET", "front-page/", reads=OWN_FRONT_PAGE),
        Call("GET", "courses/", reads=ListOf(COURSE)),
        Call("GET", "settings/", reads=SETTINGS),
        Call("GET", "notes/?scope=public&limit=20&offset=0", reads=NOTE_PAGE, only="old"),
        Call("GET", "notes/?scope=all&sort=popular&window=30&limit=20&offset=0", reads=NOTE_PAGE, only="newest"),
        Call("GET", "notes/?scope=all&sort=newest&window=all&limit=20&offset=0", reads=NOTE_PAGE, only="newest"),
    ),
)
COURSE_PAGE = Script(
    "portal",
    "course page",
    (
        Call("GET", "courses/{course}/", reads=COURSE),
        Call("GET", "courses/{course}/notes/", reads=ListOf(SUMMARY), only="old"),
        Call("GET", "courses/{course}/notes/?limit=20&offset=0", reads=NOTE_PAGE, only="newest"),
        Call("POST", "courses/{course}/subscribe/", {}, reads=COURSE),
        Call("POST", "courses/{course}/subscribe-private/", {}, reads=NEW_COURSE, only="newest"),
        Call("POST", "courses/{course}/open/", {}, reads=COURSE),
        Call("DELETE", "courses/{course}/subscribe/", kind="none", reads=COURSE),
        Call("PUT", "courses/{course}/git/", {"repo": "mira/biology", "branch": "main", "sync_enabled": True},
             status=501, reads=DETAIL_TEXT, only="newest"),
    ),
)  # fmt: skip
SETTINGS_SCRIPT = Script(
    "portal",
    "settings",
    (
        Call("PATCH", "settings/", {"first_name": "Mira", "last_name": "Okoro", "motto": "one thing at a time"},
             reads=SETTINGS),
        Call("PATCH", "settings/",
             {"app_settings": {"offline_mode": True}, "app_settings_updated_at": "2026-04-02T10:00:00.000",
              "theme_preset": "amber", "theme_mode": "D"}, reads=SETTINGS),
        Call("PATCH", "settings/", {"display_name": "Mira O.", "uncategorized_folder_name": "Loose sheets"},
             reads=NEW_SETTINGS, contains="Loose sheets", only="newest"),
        Call("PATCH", "settings/", {"avatar": ("me.png", PNG, "image/png")}, kind="multipart", reads=SETTINGS),
        Call("POST", "auth/rotate-api-key/", kind="none", reads=Reads({"api_key": str})),
        Call("POST", "auth/send-identity-code/", kind="none", reads=Reads({"masked_email": str}), only="old"),
        Call("GET", "auth/sessions/",
             reads=Reads({"current_session_id": Maybe(int), "sessions": ListOf(Reads(
                 {"id": int, "device_label": str, "user_agent": str, "ip_hash_prefix": str,
                  "created_at": UTC_OFFSET, "last_seen_at": UTC_OFFSET, "is_current": bool}), least=1)}), only="old"),
        Call("POST", "auth/change-password/", {"code": "000000", "password": "Another-horse-8"},
             kind="text", status=400, only="old"),
        Call("GET", "auth/social-accounts/", reads=ListOf(Reads()), only="old"),
        Call("POST", "auth/casdoor/bind/", {"code": "not one of ours"}, kind="text", status=400, reads=DETAIL_TEXT,
             only="newest"),
        Call("DELETE", "auth/casdoor/unlink/", kind="none",
             reads=Reads({"casdoor_linked": bool, "was_linked": bool}), only="newest"),
    ),
)  # fmt: skip
SHARING = Script(
    "portal",
    "sharing",
    (
        Call("GET", "notes/uuid/{uuid}/", anonymous=True, status=400, contains="permission"),
        Call("PATCH", "notes/{note}/", {"is_public": True}, reads=DETAIL),
        Call("GET", "notes/uuid/{uuid}/", anonymous=True, reads=DETAIL | {"can_edit": bool}),
        Call("GET", "front-page/", anonymous=True, reads=FRONT_PAGE),
        Call("GET", "courses/", anonymous=True, reads=ListOf(COURSE)),
        Call("GET", "courses/?limit=20&offset=0", anonymous=True,
             reads=Reads({"results": ListOf(COURSE), "has_more": bool}), only="newest"),
        Call("GET", "courses/{course}/notes/", anonymous=True, reads=ListOf(SUMMARY, least=1)),
        Call("GET", "activity/", anonymous=True, reads=ListOf(SUMMARY)),
        Call("GET", "auth/session/", anonymous=True, reads=Reads({"authenticated": (False,)})),
    ),
)  # fmt: skip
SIGN_OUT = Script(
    "editor",
    "a session that ended",
    (
        Call("POST", "auth/logout/", kind="none", status=204),
        Call("GET", "courses/", status=401, reads=DETAIL_TEXT, contains="invalid token", within=5),
        Call("GET", "planner-events/", anonymous=True, status=401, reads=DETAIL_TEXT,
             contains="authentication credentials were not provided"),
    ),
)  # fmt: skip

DAY = (
    SIGN_UP, SIGN_IN, EDITOR_START, EDITING, RESYNC, BIN, PLANNER_START, WEEK_SCRIPT, FEEDS, PORTAL_START, COURSE_PAGE,
    SETTINGS_SCRIPT, SHARING, INBOX_GOES, SIGN_OUT,
)  # fmt: skip
"""All scripts, in the order of a person's day: each leaves what the next one needs."""
STARTS = (EDITOR_START, PLANNER_START, PORTAL_START)
