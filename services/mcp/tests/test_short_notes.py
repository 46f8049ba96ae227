"""Pages of short notes are what their models would be (decision 68)."""

from __future__ import annotations

import json
from typing import Any, get_type_hints

import pytest
from pydantic import ValidationError

from mcp_service.tools import short_notes
from mcp_service.tools.schemas import NoteBrief
from notechondria_shared.web.answers import encoded

ROW: dict[str, Any] = {
    "id": 7,
    "uuid": "0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10",
    "title": "".join(map(chr, range(0x2100))) + "\U0001f600",
    "description": None,
    "is_public": False,
    "editor_mode": "G",
    "note_type": "N",
    "course_id": None,
    "last_edit": "2026-11-30T16:00:00.123456Z",
    "date_created": "2026-11-30T16:00:00+00:00",
    "later": "a key that nobody here knows",
}
PAGE = {"results": [ROW], "total": 1, "offset": 0, "limit": 50, "has_more": False}


def read(page: Any) -> Any:
    return short_notes._ENVELOPE.validate_json(json.dumps(page))


def test_a_row_has_the_fields_of_the_model_in_their_order() -> None:
    row, model = (get_type_hints(kind, include_extras=True) for kind in (short_notes.ShortNote, NoteBrief))
    assert list(row.items()) == [(name, model[name]) for name in NoteBrief.model_fields]


def test_a_row_is_written_as_the_model_is() -> None:
    (row,) = read(PAGE)["results"]
    assert encoded(row).decode() == NoteBrief.model_validate(ROW).model_dump_json()


@pytest.mark.parametrize("name", [*NoteBrief.model_fields])
def test_a_row_of_another_form_is_refused_as_by_the_model(name: str) -> None:
    for row in ({key: value for key, value in ROW.items() if key != name}, {**ROW, name: {"an": "object"}}):
        with pytest.raises(ValidationError):
            NoteBrief.model_validate(row)
        with pytest.raises(ValidationError):
            read({**PAGE, "results": [row]})
