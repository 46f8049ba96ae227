"""The OpenAPI document says of every endpoint what it does, takes and gives."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.keys import KEY_SETTINGS

from notes_service.app import create_app


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> dict[str, Any]:
    """The document of an application that is not running."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1/nothing")
    for name, value in KEY_SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEDIA_STORE_URL", str(tmp_path))
    return create_app().openapi()


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    operations = [
        (path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    assert len(operations) > 40
    for path, method, operation in operations:
        where = f"{method} {path}"
        assert operation["description"].strip(), where
        responses = operation["responses"]
        success = {code for code in responses if code.startswith("2")}
        assert success, where
        assert "422" not in responses, where
        assert all("content" in responses[code] for code in success - {"204", "206"}), where
        assert path.startswith("/media/") or "401" in responses, where
        assert "{" not in path or "404" in responses, where
        takes_body = method == "patch" or (
            "/git/" not in path and path.rsplit("/", 2)[1] in {"attachments", "cover", "import", "blocks"}
        )
        assert method not in {"post", "patch"} or not takes_body or "requestBody" in operation, where


@pytest.mark.contract("notes §8", "notes §1")
@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/api/v1/notes/{note_id}/attachments/", "file"),
        ("/api/v1/notes/uuid/{note_uuid}/attachments/", "file"),
        ("/api/v1/notes/{note_id}/cover/", "cover"),
        ("/api/v1/notes/import/", "file"),
    ],
)
def test_uploads_are_described_as_multipart(document: dict[str, Any], path: str, part: str) -> None:
    operation = document["paths"][path]["post"]
    assert operation["requestBody"]["required"] is True
    (kind,) = operation["requestBody"]["content"].items()
    assert kind[0] == "multipart/form-data"
    assert part in kind[1]["schema"]["required"]
    assert kind[1]["schema"]["properties"][part]["format"] == "binary"
    assert "detail" in operation["responses"]["400"]["content"]["application/json"]["schema"]["properties"]
