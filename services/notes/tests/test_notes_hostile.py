"""Whatever is sent, the answer is of the contract: 400 and its shapes, never a 5xx (notes §1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.client import User

from notechondria_shared.web import Body
from notes_service.blocks.schemas import BlockElement, CreateBlock, ReorderBlocks, UpdateBlock
from notes_service.courses.schemas import ConnectRepository, CreateCourse, ReorderCourses, UpdateCourse
from notes_service.notes.schemas import CreateNote, NoteFields, UpdateNote
from notes_service.versions.schemas import ExportedVersion, RestoreVersion, ReviseText, TakeSnapshot

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["", " ", "\x00", "\ud800", "x" * 700, "9" * 30, "N", "T", "G", "true", "0", 2**63, -(2**63), 1e308]
    )
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
BLOCKS = st.lists(
    st.dictionaries(st.sampled_from(["block_type", "text", "args", "is_AI_generated"]), SCALARS) | SCALARS, max_size=3
)

MODELS: dict[str, type[Body]] = {
    "POST courses/": CreateCourse,
    "PATCH courses/{course}/": UpdateCourse,
    "POST courses/reorder/": ReorderCourses,
    "POST notes/": CreateNote,
    "PATCH notes/{note}/": UpdateNote,
    "POST notes/{note}/blocks/": CreateBlock,
    "POST notes/{note}/reorder/": ReorderBlocks,
    "PATCH blocks/{block}/": UpdateBlock,
    "POST notes/{note}/snapshot/": TakeSnapshot,
    "POST notes/{note}/restore/{version}/": RestoreVersion,
    "POST notes/{note}/revise/": ReviseText,
}


@pytest.mark.contract("notes §1")
def test_every_request_model_is_among_them() -> None:
    def below(model: type[Body]) -> set[type[Body]]:
        return {model}.union(*(below(child) for child in model.__subclasses__()))

    # Parts of the others, what a file of an import holds, and what is answered 501.
    parts = {NoteFields, BlockElement, ExportedVersion, ConnectRepository}
    ours = {model for model in below(Body) if model.__module__.startswith("notes_service.")}
    assert ours - parts == set(MODELS.values())


@pytest.fixture(scope="module")
def target(api: Any) -> tuple[User, dict[str, int]]:
    """A user with one of everything."""
    user = api.register()
    note = user.post("notes/", {"title": "t"}).json()
    block = user.post(f"notes/{note['id']}/blocks/", {"block_type": "N", "text": "x"}).json()["id"]
    course = user.post("courses/", {"title": "c"}).json()["id"]
    version = user.post(f"notes/{user.post('notes/', {'title': 'v'}).json()['id']}/snapshot/").json()["id"]
    return user, {"note": note["id"], "block": block, "course": course, "version": version}


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize("call", MODELS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_body_is_answered_by_the_contract(
    target: tuple[User, dict[str, int]], call: str, data: st.DataObject
) -> None:
    user, ids = target
    method, _, path = call.partition(" ")
    # Content would replace the block that another case is about.
    names = sorted(
        set(MODELS[call].model_fields) - ({"content", "markdown", "blocks"} if "PATCH notes" in call else set())
    )
    fields = st.fixed_dictionaries({}, optional={name: BLOCKS if name == "blocks" else VALUES for name in names})
    body = data.draw(fields | VALUES)
    answer = user.request(
        method, path.format(**ids), content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {200, 201, 400, 404}, (body, answer.text)
    if answer.status_code == 400:
        shown = answer.json()
        assert shown
        if isinstance(shown, dict):
            assert all(isinstance(texts, list | str) for texts in shown.values())
        else:
            assert [type(text) for text in shown] == [str]


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"title": NaN}', "application/json", 400),
        (b"<a/>", "application/xml", 415),
        (b"title=From+a+form", "application/x-www-form-urlencoded", 201),
        (b"title=%00", "application/x-www-form-urlencoded", 400),
        (b"garbage", "multipart/form-data; boundary=x", 400),
        (b"garbage", "multipart/form-data", 400),
    ],
)  # fmt: skip
def test_bodies_that_are_no_json(mine: User, content: bytes, kind: str, status: int) -> None:
    for path in ("notes/", "courses/"):
        answer = mine.request("POST", path, content=content, headers={"Content-Type": kind})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
    note = mine.post("notes/", {"title": "t"}).json()["id"]
    for path in (f"notes/{note}/attachments/", f"notes/{note}/cover/", "notes/import/"):
        answer = mine.request("POST", path, content=content, headers={"Content-Type": kind})
        assert answer.status_code in {400, 415}, answer.text


@pytest.mark.contract("notes §5.3", "notes §1")
@pytest.mark.parametrize(
    "query", ["q=%ff%fe", "q=" + "a" * 4000, "q=%25%5f%5c", "q=(", "scope=%00", "contains=%25", "q=%F0%9F%98%80"]
)
def test_any_query_string_is_answered(mine: User, query: str) -> None:
    for more in ("", "&limit=5"):
        assert mine.get(f"notes/?{query}{more}").status_code in {200, 400}


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize(
    "number", ["0", "00", "999999999999999999", "9999999999999999999", "-1", "1e3", "١", "1.0", "x"]
)
def test_any_id_in_a_path(mine: User, number: str) -> None:
    for path in (
        "notes/{}/",
        "courses/{}/",
        "blocks/{}/",
        "notes/{}/history/",
        "notes/deleted/{}/",
        "courses/{}/notes/",
    ):
        assert mine.get(path.format(number)).status_code in {404, 405}
        assert mine.delete(path.format(number)).status_code in {404, 405}
