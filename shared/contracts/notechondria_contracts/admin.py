"""How a service describes what staff may see and do (docs/admin.md); `web` renders it and knows no field by name.

`GET /internal/admin` is an `AdminDescription`, `GET /internal/admin/<kind>` an `AdminPage`, `.../<id>` an `AdminRow`,
`POST .../<id>/<action>` an `AdminAnswer`, `POST /internal/admin/<kind>` an `AdminCreated`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, RootModel

ADMIN_PATH = "/internal/admin"
NOT_STAFF = "This account is not staff. Ask an administrator, or sign in with another account."
PASSWORD_MINUTES = 5
"""So long a password that a member of staff entered counts for actions that need it."""

AdminValue = str | int | bool | dict[str, list[int | str]] | None
ColumnKind = Literal["id", "text", "timestamp", "yes", "user", "size", "ids", "word"]
"""How a value is written: the row's own id, a text, a time, yes or no, an account, bytes, ids by kind, a word."""


class AdminColumn(BaseModel):
    """A value of a row. `wide` ones are shown on the row's own page only."""

    key: str
    title: str
    kind: ColumnKind = "text"
    wide: bool = False
    words: dict[str, str] = {}
    """What the letters of a `word` stand for."""


class AdminChoice(BaseModel):
    """One of the values of a field."""

    value: str
    label: str


class AdminField(BaseModel):
    """Something that a form asks for. Blank ones are not sent."""

    name: str
    label: str
    kind: Literal["text", "number", "choice"] = "text"
    choices: list[AdminChoice] = []
    value: str = ""
    required: bool = False
    max_length: int | None = None


class AdminForm(BaseModel):
    """A page with fields. `{label}` in the title stands for the label of the row."""

    title: str
    submit: str
    fields: list[AdminField]
    hint: str = ""


class AdminAction(BaseModel):
    """Something that can be done to a row. With a `question` or a form it is asked on a page of its own first."""

    name: str
    label: str
    done: str = ""
    """What is said afterwards."""
    question: str = ""
    gone: bool = False
    """The row is no more afterwards."""
    form: AdminForm | None = None
    needs_password: bool = False
    """It gives or takes power over accounts: refused (`AdminRefusal`) unless staff entered the password just before."""


class AdminCreation(BaseModel):
    """That rows can be made: the label of the link, and the form."""

    label: str
    form: AdminForm


class AdminResource(BaseModel):
    """A list of the site, `/admin/<name>/`."""

    name: str
    title: str
    noun: str
    position: int
    """Its place in the menu, among the lists of all services."""
    columns: list[AdminColumn]
    searched: str = ""
    """What a search looks at."""
    hint: str = ""
    label: str = "title"
    """The column that a row is called by."""
    of_users: bool = True
    """Rows belong to accounts, by which they can be chosen."""
    accounts: bool = False
    """Rows are accounts: what belongs to one is linked from its page."""
    joined: bool = False
    """Several services have this list, and the site shows it as one."""
    actions: list[AdminAction] = []
    create: AdminCreation | None = None


class AdminDescription(BaseModel):
    """The lists of a service."""

    resources: list[AdminResource]


class AdminRow(BaseModel):
    """A row, what it is called, and the names of the actions that are offered for it as it is."""

    id: int
    label: str
    user_id: int | None = None
    values: dict[str, AdminValue]
    offered: list[str]
    order: str = ""
    """By which joined lists are sorted, greatest first."""


class AdminPage(BaseModel):
    """Rows of a list, and how many there are in all."""

    rows: list[AdminRow]
    total: int


class AdminQuery(BaseModel):
    """Which rows: those that hold `search`, of one account, from `offset` on."""

    search: str = ""
    user_id: int | None = None
    limit: int = 50
    offset: int = 0


class AdminSecret(BaseModel):
    """Something that is shown once, with the words around it."""

    before: str
    secret: str
    after: str


class AdminOutcome(BaseModel):
    """What an action left to be shown."""

    secret: AdminSecret | None = None


class AdminAnswer(RootModel[AdminOutcome | None]):
    """The answer of an action: null when there is nothing to show."""


class AdminRefusal(BaseModel):
    """403 of an action that needs the password of the member of staff, which was not entered lately."""

    detail: str
    code: Literal["password_needed"]


class AdminCreated(BaseModel):
    """The id of a new row."""

    id: int
