"""What a part of the site is: where its rows come from, what is shown of them, what can be done to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fastapi import Request

from identity_service.admin.entry import Staff
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db.listing import PageQuery

Row = dict[str, Any]
Kind = Literal["text", "moment", "yes", "user", "size", "ids", "word"]
Run = Callable[[Request, Staff, str], Awaitable[None]]
_DIGITS = 18


@dataclass(frozen=True)
class Column:
    """A value of a row, and how it is written. `wide` ones are shown on the row's own page only."""

    key: str
    title: str
    kind: Kind = "text"
    wide: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    """What the letters of a `word` stand for."""


ID = Column("id", "Id")
USER = Column("user_id", "User", "user")


@dataclass(frozen=True)
class Action:
    """Something that can be done to a row. With a `question` it is asked on a page of its own first."""

    name: str
    label: str
    done: str
    """What is said afterwards."""
    run: Run
    question: str = ""
    gone: bool = False
    """The row is no more afterwards."""
    offered: Callable[[Row], bool] = lambda _: True


@dataclass(frozen=True)
class Page:
    """Rows of a list, how many there are in all, and the services that could not be asked."""

    rows: list[Row]
    total: int
    away: list[str] = field(default_factory=list)


class Source(Protocol):
    """Where rows come from."""

    async def page(self, request: Request, wanted: PageQuery) -> Page:
        """A page of rows, each with its `id`."""
        ...

    async def one(self, request: Request, key: str) -> Row:
        """A row; 404 when there is none."""
        ...


@dataclass(frozen=True)
class Section:
    """A part of the site, `/admin/<name>/`."""

    name: str
    title: str
    noun: str
    source: Source
    columns: tuple[Column, ...]
    actions: tuple[Action, ...] = ()
    searched: str = ""
    """What a search looks at."""
    hint: str = ""
    of_users: bool = True
    """Rows have a `user_id`, by which they can be chosen."""
    label: str = "title"
    """The value that a row is called by."""
    create: str = ""
    """The label of the link to the form for a new row, `/admin/<name>/new/`."""
    links: tuple[tuple[str, str], ...] = ()
    """Further links on a row's page: label and path, with `{id}`."""

    def offered(self, row: Row) -> list[Action]:
        """What can be done to a row as it is."""
        return [action for action in self.actions if action.offered(row)]

    def called(self, row: Row) -> str:
        """What a row is called in a title or a question."""
        return str(row.get(self.label) or f"{self.noun} {row['id']}")


def number(key: str) -> int:
    """The id in a path; 404 for what is none."""
    if not (key.isascii() and key.isdigit() and len(key) <= _DIGITS):
        raise NotFound("There is no such page.")
    return int(key)
