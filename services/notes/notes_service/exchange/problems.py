"""What could not be imported, by the name of its file."""

from __future__ import annotations

from pydantic import BaseModel

from notechondria_shared.core.errors import ApiError

NAME_LENGTH, TEXT_LENGTH = 255, 500


class Problem(BaseModel):
    """A file that was not imported."""

    file: str
    error: str


class Problems:
    """Collects them; the import goes on."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, name: str, error: str) -> None:
        """One more, with its reason."""
        self.problems.append(Problem(file=name[:NAME_LENGTH], error=error[:TEXT_LENGTH]))

    def refused(self, name: str, refusal: ApiError) -> None:
        """One that the rules of notes refuse. An outage is no fault of the file: it is raised again."""
        if refusal.status >= 500:
            raise refusal
        self.add(name, _reason(refusal.body))


def _reason(body: object) -> str:
    """An error body as one line."""
    if isinstance(body, dict):
        return "; ".join(
            f"{key}: {' '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in body.items()
        )
    return str(body)
