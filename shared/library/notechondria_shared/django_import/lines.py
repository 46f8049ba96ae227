"""How `notechondria import-django` runs the imports: their command, and the JSON lines that they print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from notechondria_shared.django_import.report import Report

COMMAND: Final = "import-django"
DATABASE_VARIABLE: Final = "DJANGO_DATABASE_URL"
"""The environment variable with the monolith's address: it holds a password, which command lines would show."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows of a kind are through."""

    kind: str
    done: int
    line: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Problem:
    """The import cannot go on: why, and what to do. The last line; the exit code is 1."""

    sentence: str
    remedy: str
    line: Literal["problem"] = "problem"


@dataclass(frozen=True, slots=True)
class Finished:
    """All is through. The last line; the exit code is 0."""

    report: Report
    line: Literal["report"] = "report"


Line = Annotated[Progress | Problem | Finished, Field(discriminator="line")]
_LINE: Final[TypeAdapter[Progress | Problem | Finished]] = TypeAdapter(Line)


def written(line: Progress | Problem | Finished) -> str:
    """Return a line as it is printed."""
    return _LINE.dump_json(line, ensure_ascii=True).decode()


def parsed(text: str) -> Progress | Problem | Finished:
    """Return what a printed line says; raises pydantic's `ValidationError` for any other text."""
    return _LINE.validate_json(text)
