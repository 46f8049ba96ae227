"""`/api/v1/settings/` (identity §11)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from tests.support.client import Api, User, eventually

from notechondria_launcher.stack import Stack

KEYS = {
    "username", "first_name", "last_name", "email", "is_staff", "is_superuser", "motto", "social_link", "image_url",
    "editor_mode", "theme_preset", "theme_mode", "api_key_prefix", "api_base_url", "mcp_skill_md", "app_settings",
    "app_settings_updated_at", "display_name", "uncategorized_folder_name", "last_seen_versions", "casdoor_linked",
    "timezone", "storage_limit_mib",
}  # fmt: skip


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


def picture(kind: str = "PNG", size: tuple[int, int] = (20, 10)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.contract("identity §11.1", "identity §5.3")
def test_settings_hold_every_key(user: User) -> None:
    body = user.get("settings/").json()
    assert body.keys() == KEYS
    assert (body["editor_mode"], body["theme_preset"], body["theme_mode"], body["api_key_prefix"]) == (
        "P",
        "teal",
        "S",
        "",
    )
    assert body["app_settings"] == {name: body[name] for name in ("theme_preset", "theme_mode", "api_base_url")}
    assert body["app_settings_updated_at"] is None
    key = user.rotate_key()
    assert user.get("settings/").json()["api_key_prefix"] == key[:8]


@pytest.mark.contract("apps §6", "apps §3")
def test_names_and_seen_versions_are_kept(user: User) -> None:
    before = user.get("settings/").json()
    shown = ("display_name", "uncategorized_folder_name", "last_seen_versions", "casdoor_linked")
    assert [before[name] for name in shown] == [user.username, "Inbox", {}, False]
    change = {"display_name": " Mira O. ", "uncategorized_folder_name": "Loose sheets", "casdoor_linked": True}
    after = user.patch("settings/", change | {"last_seen_versions": {"editor": "0.1.190"}}).json()
    assert [after[name] for name in shown] == ["Mira O.", "Loose sheets", {"editor": "0.1.190"}, False]
    after = user.patch("settings/", {"last_seen_versions": {"portal": " 0.1.197", "editor": "0.1.191"}}).json()
    assert after["last_seen_versions"] == {"editor": "0.1.191", "portal": "0.1.197"}
    assert user.get("settings/").json() == after
    form = user.request("PATCH", "settings/", data={"last_seen_versions": '{"planner": "1"}', "display_name": ""})
    assert form.json()["last_seen_versions"] == {"editor": "0.1.191", "portal": "0.1.197", "planner": "1"}
    blank = user.patch("settings/", {"uncategorized_folder_name": " "}).json()
    assert [blank[name] for name in shown[:2]] == [user.username, "Inbox"]


@pytest.mark.contract("apps §6")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("display_name", "x" * 151),
        ("display_name", None),
        ("uncategorized_folder_name", "x" * 121),
        ("uncategorized_folder_name", "a\x00b"),
        ("last_seen_versions", None),
        ("last_seen_versions", ["editor"]),
        ("last_seen_versions", "0.1.190"),
        ("last_seen_versions", {"editor": 190}),
        ("last_seen_versions", {"editor": " "}),
        ("last_seen_versions", {"": "0.1.190"}),
        ("last_seen_versions", {"editor": "9" * 33}),
        ("last_seen_versions", {"e" * 33: "9"}),
        ("last_seen_versions", {f"app{number}": "9" for number in range(17)}),
    ],
)
def test_a_bad_name_or_version_is_refused_under_its_key(user: User, key: str, value: Any) -> None:
    answer = user.patch("settings/", {key: value, "motto": "changed"})
    assert answer.status_code == 400
    assert answer.json().keys() == {key}
    assert user.get("settings/").json()["motto"] == ""


@pytest.mark.contract("apps §6")
def test_the_apps_are_counted_over_all_changes(user: User) -> None:
    many = {f"app{number}": "1" for number in range(16)}
    assert user.patch("settings/", {"last_seen_versions": many}).status_code == 200
    assert user.patch("settings/", {"last_seen_versions": {"app15": "2"}}).json()["last_seen_versions"]["app15"] == "2"
    refused = user.patch("settings/", {"last_seen_versions": {"another": "1"}})
    assert refused.json().keys() == {"last_seen_versions"}


@pytest.mark.contract("apps §6", "identity §5.1")
def test_the_chosen_name_is_that_of_the_signed_in_user(user: User) -> None:
    user.patch("settings/", {"display_name": "Mira O."})
    probe = user.get("auth/session/").json()
    assert probe["user"]["display_name"] == "Mira O."


@pytest.mark.contract("identity §11.1")
def test_other_methods_on_settings_are_405(user: User) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert user.request(method, "settings/", json={}).status_code == 405


@pytest.mark.contract("identity §11.1")
def test_patch_changes_what_is_sent_and_answers_the_whole(user: User) -> None:
    change = {
        "first_name": " Mira ",
        "last_name": "Okoro",
        "motto": "one thing at a time",
        "social_link": "https://example.org/@mira",
        "editor_mode": "B",
        "mcp_skill_md": "# How I work\n\nSlowly.",
        "is_staff": True,
        "image_url": "ignored",
    }
    answer = user.patch("settings/", change)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == KEYS
    assert (body["first_name"], body["editor_mode"], body["is_staff"]) == ("Mira", "B", False)
    assert user.get("settings/").json() == body
    form = user.request("PATCH", "settings/", data={"motto": ""})
    assert (form.status_code, form.json()["motto"]) == (200, "")
    assert form.json()["last_name"] == "Okoro"


@pytest.mark.contract("identity §11.1", "identity §11.2")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"email": "nobody"}, "email"),
        ({"motto": "x" * 101}, "motto"),
        ({"motto": None}, "motto"),
        ({"social_link": "no link"}, "social_link"),
        ({"social_link": "javascript:alert(1)"}, "social_link"),
        ({"editor_mode": "M"}, "editor_mode"),
        ({"theme_mode": "X"}, "theme_mode"),
        ({"theme_preset": ""}, "theme_preset"),
        ({"theme_preset": "x" * 33}, "theme_preset"),
        ({"api_base_url": "ftp://example.org"}, "api_base_url"),
        ({"api_base_url": "https://"}, "api_base_url"),
        ({"app_settings_updated_at": "yesterday"}, "app_settings_updated_at"),
        ({"avatar": "text"}, "avatar"),
        # (fix) what is nested and mirrored must fit the columns
        ({"app_settings": {"theme_mode": "X"}}, "app_settings"),
        ({"app_settings": {"theme_preset": "x" * 33}}, "app_settings"),
        ({"app_settings": {"api_base_url": 5}}, "app_settings"),
        ({"app_settings": {"a": "x\x00"}}, "app_settings"),
        ({"app_settings": {"a": "x" * 300_000}}, "app_settings"),
    ],
)
def test_a_patch_names_the_failing_field_and_changes_nothing(user: User, change: dict[str, Any], field: str) -> None:
    before = user.get("settings/").json()
    answer = user.patch("settings/", {"first_name": "Kept?", **change})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert isinstance(answer.json()[field], list)
    assert user.get("settings/").json() == before


@pytest.mark.contract("identity §11.1")
def test_username_and_email_are_unique_except_for_oneself(api: Api, user: User) -> None:
    other = api.register()
    taken = user.patch("settings/", {"username": other.username.upper(), "email": other.email.upper()})
    assert taken.status_code == 400
    assert taken.json().keys() == {"username", "email"}
    # The own name in other letters is fine; an address that differs in case only stays as it is.
    kept = user.patch("settings/", {"username": user.username.upper(), "email": user.email.upper()})
    assert (kept.json()["username"], kept.json()["email"]) == (user.username.upper(), user.email)
    moved = user.patch("settings/", {"email": "New-" + user.email})
    assert moved.json()["email"] == "new-" + user.email


@pytest.mark.contract("identity §11.3")
def test_a_picture_drawn_anew_by_the_probe_is_published(user: User, stack: Stack) -> None:
    def shown() -> str:
        return str(user.get("courses/").json()[0]["owner"]["image_url"])

    url = user.request("PATCH", "settings/", files={"avatar": ("x.png", picture(), "image/png")}).json()["image_url"]
    eventually(lambda: shown() == url)
    (stack.data / "media" / url.partition("/media/")[2]).unlink()
    anew = user.get("auth/session/").json()["user"]["image_url"]
    assert anew != url
    eventually(lambda: shown() == anew)


@pytest.mark.contract("identity §11.1", "identity §3")
def test_a_patch_names_all_failing_fields_together(api: Api, user: User) -> None:
    other, before = api.register(), user.get("settings/").json()
    change = {"username": other.username, "email": other.email, "motto": "x" * 101, "app_settings": {"theme_mode": "X"}}
    answer = user.patch("settings/", change)
    assert (answer.status_code, answer.json().keys()) == (400, change.keys())
    form = {"data": {"username": other.username, "motto": "fits"}, "files": {"avatar": ("x.png", b"no", "image/png")}}
    answer = user.request("PATCH", "settings/", **form)
    assert (answer.status_code, answer.json().keys()) == (400, {"username", "avatar"})
    assert user.patch("settings/", ["x"]).json().keys() == {"non_field_errors"}
    assert user.get("settings/").json() == before


@pytest.mark.contract("identity §11.2")
def test_app_settings_are_merged_mirrored_and_stamped(user: User) -> None:
    at = "2026-04-02T10:00:00+00:00"
    first = user.patch(
        "settings/",
        {
            "app_settings": {
                "theme_preset": "rose",
                "theme_mode": "L",
                "offline_mode": True,
                "log_preferences": {"a": 1},
            },
            "theme_preset": "amber",
            "app_settings_updated_at": at,
        },
    ).json()
    # The top level wins, all three are mirrored, unknown keys are kept.
    assert (first["theme_preset"], first["theme_mode"]) == ("amber", "L")
    assert first["app_settings"]["theme_preset"] == "amber"
    assert first["app_settings"]["offline_mode"] is True
    assert first["app_settings_updated_at"] == at

    second = user.patch("settings/", {"app_settings": {"log_preferences": {"b": 2}}}).json()
    assert second["app_settings"]["log_preferences"] == {"b": 2}  # a shallow merge
    assert second["app_settings"]["offline_mode"] is True
    assert second["app_settings_updated_at"] > at

    third = user.patch("settings/", {"theme_mode": "D"}).json()
    assert third["app_settings"]["theme_mode"] == "D"
    assert third["app_settings_updated_at"] > second["app_settings_updated_at"]
    fourth = user.patch("settings/", {"motto": "x", "app_settings_updated_at": at}).json()
    assert fourth["app_settings_updated_at"] == third["app_settings_updated_at"]


@pytest.mark.contract("identity §11.2", "decision 26")
@pytest.mark.parametrize("value", [None, 5, "text", ["a"], True])
def test_app_settings_that_is_no_object_changes_nothing(user: User, value: Any) -> None:
    before = user.get("settings/").json()
    answer = user.patch("settings/", {"app_settings": value})
    assert (answer.status_code, answer.json()) == (200, before)


@pytest.mark.contract("identity §11.3", "identity §6")
@pytest.mark.parametrize(("kind", "extension"), [("PNG", ".png"), ("JPEG", ".jpg"), ("GIF", ".gif"), ("WEBP", ".webp")])
def test_an_avatar_is_kept_and_its_address_changes(api: Api, user: User, kind: str, extension: str) -> None:
    old = user.get("settings/").json()["image_url"]
    data = picture(kind)
    answer = user.request("PATCH", "settings/", files={"avatar": (f"me{extension}", data, "application/octet-stream")})
    assert answer.status_code == 200, answer.text
    url = answer.json()["image_url"]
    assert url != old
    assert f"/media/user_upload/user_{user.id}/profile_pic/profile_latest" in url
    shown = api.http.get(url)
    assert (shown.status_code, shown.content) == (200, data)
    assert shown.headers["content-type"] == f"image/{kind.lower()}"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert api.http.get(url, headers={"If-None-Match": shown.headers["etag"]}).status_code == 304
    assert api.http.get(old).status_code == 404
    eventually(lambda: user.get("courses/").json()[0]["owner"]["image_url"] == url)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BOMB = b"GIF89a\xff\xff\xff\xff\x00\x00\x00," + b"\x00" * 4 + b"\xff\xff\xff\xff" + b"\x00\x02\x02L\x01\x00;"


@pytest.mark.contract("identity §11.3")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.png", b"not an image"),
        ("x.png", b""),
        ("x.svg", SVG),
        ("x.png", SVG),
        ("x.exe", picture()),
        ("x", picture()),
        ("bomb.gif", BOMB),
        ("cut.png", picture(size=(300, 300))[:200]),
    ],
)
def test_what_is_no_picture_is_400(user: User, name: str, data: bytes) -> None:
    before = user.get("settings/").json()
    answer = user.request("PATCH", "settings/", files={"avatar": (name, data, "image/png")}, data={"motto": "kept?"})
    assert (answer.status_code, list(answer.json())) == (400, ["avatar"])
    assert user.get("settings/").json() == before


@pytest.mark.contract("identity §11.3")
def test_a_picture_has_no_limit_of_its_own_but_that_of_uploads(user: User) -> None:
    large = picture() + b"\x00" * (12 * 1024 * 1024)
    answer = user.request("PATCH", "settings/", files={"avatar": ("x.png", large, "image/png")})
    assert answer.status_code == 200, answer.text
    huge = picture() + b"\x00" * (22 * 1024 * 1024)
    answer = user.request("PATCH", "settings/", files={"avatar": ("x.png", huge, "image/png")})
    assert (answer.status_code, list(answer.json())) == (400, ["avatar"])


@pytest.mark.contract("identity §11.3", "identity §1")
def test_image_url_follows_the_forwarded_scheme_and_host(user: User) -> None:
    # The gateway sets X-Forwarded-Host to what the client called.
    url = user.get("settings/", headers={"Host": "127.0.0.1"}).json()["image_url"]
    assert url.startswith("http://127.0.0.1/media/")


@pytest.mark.contract("identity §11.1")
@pytest.mark.parametrize(
    "change",
    [
        {"username": "x" * 142},
        {"username": "any thing, really é"},  # no pattern here
        {"first_name": "x" * 150, "last_name": "y" * 150},
        {"first_name": "", "last_name": "", "motto": "", "social_link": "", "mcp_skill_md": ""},
        {"motto": "x" * 100},
        {"social_link": "https://example.org/" + "x" * 235},
        {"theme_preset": "x" * 32},
        {"api_base_url": "https://example.org/" + "x" * 235},
        {"api_base_url": "http://localhost:9080/api/v1"},
        {"mcp_skill_md": "long " * 40_000},
        {"app_settings_updated_at": None},
    ],
)
def test_the_longest_values_are_taken(user: User, change: dict[str, Any]) -> None:
    wanted = {name: f"{value}{user.id:08d}" if name == "username" else value for name, value in change.items()}
    answer = user.patch("settings/", wanted)
    assert answer.status_code == 200, answer.text
    shown = user.get("settings/").json()
    for name, value in wanted.items():
        assert shown[name] == (value.strip() if isinstance(value, str) else value)


@pytest.mark.contract("identity §11.1")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first_name": "x" * 151}, "first_name"),
        ({"last_name": "x" * 151}, "last_name"),
        ({"social_link": "https://example.org/" + "x" * 236}, "social_link"),
        ({"api_base_url": "https://example.org/" + "x" * 236}, "api_base_url"),
        ({"email": ""}, "email"),
        ({"username": None}, "username"),
        ({"theme_mode": "d"}, "theme_mode"),
        ({"editor_mode": None}, "editor_mode"),
    ],
)
def test_values_one_character_too_long_are_refused(user: User, change: dict[str, Any], field: str) -> None:
    answer = user.patch("settings/", change)
    assert (answer.status_code, list(answer.json())) == (400, [field])


@pytest.mark.contract("identity §5.3")
@pytest.mark.parametrize("mode", ["G", "B", "P"])
@pytest.mark.parametrize("theme", ["S", "L", "D"])
def test_every_letter_of_the_modes_is_kept(user: User, mode: str, theme: str) -> None:
    body = user.patch("settings/", {"editor_mode": mode, "theme_mode": theme}).json()
    assert (body["editor_mode"], body["theme_mode"]) == (mode, theme)
    shown = user.get("auth/session/").json()["user"]
    assert (shown["editor_mode"], shown["theme_mode"], shown["app_settings"]["theme_mode"]) == (mode, theme, theme)


@pytest.mark.contract("identity §11.2")
def test_each_mirrored_setting_sets_the_timestamp(user: User) -> None:
    for change in ({"theme_preset": "rose"}, {"theme_mode": "L"}, {"api_base_url": "https://example.org/api/v1"}):
        before = user.get("settings/").json()["app_settings_updated_at"] or ""
        body = user.patch("settings/", {**change, "app_settings_updated_at": None}).json()
        assert body["app_settings_updated_at"] > before
        (name,) = change
        assert body["app_settings"][name] == body[name] == change[name]


@pytest.mark.contract("identity §11.3")
def test_an_avatar_has_a_known_extension(user: User) -> None:
    assert user.request("PATCH", "settings/", files={"avatar": ("me.BMP", picture("BMP"), "x/y")}).status_code == 200
    tiff = user.request("PATCH", "settings/", files={"avatar": ("me.tiff", picture("TIFF"), "image/tiff")})
    assert (tiff.status_code, list(tiff.json())) == (400, ["avatar"])
