"""The courses that every deployment starts with, from `samples/` (notes §11.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "samples"
DESCRIPTION_LENGTH = 240


@dataclass(frozen=True, slots=True)
class SampleNote:
    """A note of a template course."""

    title: str
    body: str

    @property
    def content(self) -> str:
        """The whole text, under its title."""
        return f"# {self.title}\n\n{self.body}"

    @property
    def description(self) -> str:
        """The first 240 characters of the body."""
        return self.body[:DESCRIPTION_LENGTH]


@dataclass(frozen=True, slots=True)
class SampleMedia:
    """A picture of a template course; `path` is relative to the course's folder."""

    title: str
    description: str
    path: str
    source: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A template course: `course.json` and the markdown files beside it, in the order of their names."""

    slug: str
    title: str
    description: str
    cover_image: str
    media: tuple[SampleMedia, ...]
    notes: tuple[SampleNote, ...]

    def file(self, path: str) -> Path:
        """A file of the course's folder."""
        return FOLDER / self.slug / path


@cache
def samples() -> tuple[Sample, ...]:
    """All template courses, the first superuser's first."""
    return tuple(
        _read(folder) for folder in sorted(FOLDER.iterdir(), key=_position) if (folder / "course.json").is_file()
    )


def _position(folder: Path) -> tuple[int, str]:
    order = json.loads((FOLDER / "order.json").read_text(encoding="utf-8"))
    return (order.index(folder.name) if folder.name in order else len(order), folder.name)


def _read(folder: Path) -> Sample:
    data = json.loads((folder / "course.json").read_text(encoding="utf-8"))
    return Sample(
        slug=data["slug"],
        title=data["title"],
        description=data["description"],
        cover_image=data.get("cover_image", ""),
        media=tuple(SampleMedia(**picture) for picture in data.get("media", ())),
        notes=tuple(_note(path) for path in sorted(folder.glob("*.md"))),
    )


def _note(path: Path) -> SampleNote:
    heading, _, body = path.read_text(encoding="utf-8").strip().partition("\n")
    return SampleNote(heading.removeprefix("# ").strip(), body.strip())
