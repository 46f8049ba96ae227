"""What a service shows the administration site (docs/admin.md), declared beside its own code.

    COURSES = AdminTable(AdminResource(name="courses", ...), queries.COURSES, unknown="Course not found.")

    @COURSES.action(AdminAction(name="delete", ...), offered=lambda row: not row.is_default)
    async def delete_course(key: int, read: ReadSession, db: WriteSession) -> None: ...

    router = admin_router(COURSES, dead_letter_table(EVENTS))

An action is an endpoint: its parameters are dependencies like those of any other, `key` is the id of the row. It
answers None, or an `AdminOutcome` when there is something to show. One that `needs_password` is refused before all else
by the dependency that its `admin_router` names for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import Field
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

from fastapi import Depends
from fastapi.params import Depends as Dependency

from notechondria_contracts.admin import (
    ADMIN_PATH,
    NOT_STAFF,
    AdminAction,
    AdminAnswer,
    AdminCreated,
    AdminCreation,
    AdminDescription,
    AdminOutcome,
    AdminPage,
    AdminRefusal,
    AdminResource,
    AdminRow,
)
from notechondria_shared.auth.caller import Caller, LoggedIn
from notechondria_shared.core.errors import ApiError, Forbidden, NotFound
from notechondria_shared.core.json_values import plain
from notechondria_shared.db.listing import PageQuery, SearchableList
from notechondria_shared.db.reader import Reads
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.page_query import Page
from notechondria_shared.web.route import ApiRoute
from notechondria_shared.web.router import Router


class ListedRow(Protocol):
    """A dataclass with the columns that are shown; `user_id` among them when the row is somebody's."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> int:
        """What addresses the row."""
        ...


class PasswordNeeded(ApiError):
    """403 with a code: the member of staff enters the password, then the action goes on."""

    status = 403

    def __init__(self) -> None:
        super().__init__(AdminRefusal(detail=ENTER_PASSWORD, code="password_needed").model_dump())


ENTER_PASSWORD = "Enter your password; this action needs it."  # noqa: S105 - a text of a refusal
PasswordCheck = Callable[..., Awaitable[None]]
RowT = TypeVar("RowT", bound=ListedRow)
Act = Callable[..., Coroutine[Any, Any, AdminOutcome | None]]
Create = Callable[..., Coroutine[Any, Any, AdminCreated]]


def _always(_: ListedRow) -> bool:
    return True


async def require_staff(caller: LoggedIn) -> Caller:
    """The member of staff in whose name a call is made; 401 without an assertion, 403 when they are none."""
    if not caller.is_staff:
        raise Forbidden(NOT_STAFF)
    return caller


Staff = Annotated[Caller, Depends(require_staff)]


class AdminTable(Generic[RowT]):
    """A list of a service for the administration: how it is described, where its rows come from, what can be done.

    `unknown` is the text for a row that is not there, `order_by` the column by which a joined list is sorted.
    """

    def __init__(
        self,
        resource: AdminResource,
        listing: SearchableList[RowT],
        *,
        unknown: str,
        order_by: str = "",
        shown: Callable[[RowT], RowT] | None = None,
    ) -> None:
        self._resource, self._listing, self._unknown = resource, listing, unknown
        self._order_by, self._shown = order_by, shown
        self._actions: list[tuple[AdminAction, Callable[[RowT], bool], Act]] = []
        self._creation: tuple[AdminCreation, Create] | None = None

    def action(self, action: AdminAction, *, offered: Callable[[RowT], bool] = _always) -> Callable[[Act], Act]:
        """Declare an endpoint as what does `action`; `offered` says for which rows the site shows it."""

        def declare(run: Act) -> Act:
            self._actions.append((action, offered, run))
            return run

        return declare

    def creation(self, creation: AdminCreation) -> Callable[[Create], Create]:
        """Declare an endpoint as what makes a new row."""

        def declare(run: Create) -> Create:
            self._creation = creation, run
            return run

        return declare

    @property
    def description(self) -> AdminResource:
        """How the site shows it."""
        actions = [action for action, _, _ in self._actions]
        return self._resource.model_copy(
            update={"actions": actions, "create": self._creation[0] if self._creation else None}
        )

    async def page(self, read: Reads, query: PageQuery) -> AdminPage:
        """Rows as the query asks for them, newest first."""
        page = await self._listing.read(read, query)
        return AdminPage(rows=[self._row(row) for row in page.rows], total=page.total)

    async def find(self, read: Reads, key: int) -> RowT:
        """One row as it is stored; 404 when there is none."""
        row = await self._listing.one(read, key)
        if row is None:
            raise NotFound(self._unknown)
        return row

    async def one(self, read: Reads, key: int) -> AdminRow:
        """One row as the site shows it; 404 when there is none."""
        return self._row(await self.find(read, key))

    async def owner(self, read: Reads, key: int) -> int:
        """The account that a row belongs to; 404 when there is no row, or nobody's."""
        row = await self.one(read, key)
        if row.user_id is None:
            raise NotFound(self._unknown)
        return row.user_id

    def _row(self, row: RowT) -> AdminRow:
        values = plain(self._shown(row) if self._shown else row)
        return AdminRow.model_validate(
            {
                "id": row.id,
                "label": str(values.get(self._resource.label) or f"{self._resource.noun} {row.id}"),
                "user_id": values.get("user_id"),
                "values": values,
                "offered": [action.name for action, offered, _ in self._actions if offered(row)],
                "order": str(values.get(self._order_by) or ""),
            }
        )

    async def _serve_page(self, read: ReadSession, query: Page) -> AdminPage:
        return await self.page(read, query)

    async def _serve_one(self, read: ReadSession, key: int) -> AdminRow:
        return await self.one(read, key)

    def add_routes(self, router: Router, password_check: PasswordCheck | None) -> None:
        """Serve the list, its rows and their actions."""
        name = self._resource.name
        router.get(f"/{name}", name=f"list_{name}")(self._serve_page)
        router.get(f"/{name}/{{key:id}}", name=f"get_{name}")(self._serve_one)
        for action, _, run in self._actions:
            checks = [Depends(require_staff)]
            if action.needs_password:
                if password_check is None:
                    raise ValueError(f"{name}/{action.name} needs a password, and nothing checks it")
                checks.append(Depends(password_check))
            router.post(
                f"/{name}/{{key:id}}/{action.name}",
                response_model=AdminAnswer,
                dependencies=checks,
            )(run)
        if self._creation:
            router.post(f"/{name}", status_code=201, dependencies=[Depends(require_staff)])(self._creation[1])


class _Tables:
    """The lists of one service."""

    def __init__(self, tables: Sequence[AdminTable[Any]]) -> None:
        self._tables = tables

    async def describe(self) -> AdminDescription:
        """How the site shows them."""
        return AdminDescription(resources=[table.description for table in self._tables])


def admin_router(
    *tables: AdminTable[Any],
    dependencies: Sequence[Dependency] = (),
    password_check: PasswordCheck | None = None,
) -> Router:
    """The administration of a service, for calls from inside alone.

    `password_check` is the dependency that refuses (`PasswordNeeded`) an action that `needs_password`.
    """
    inside = [Depends(CalledBy("web")), *dependencies]
    router = Router(prefix=ADMIN_PATH, include_in_schema=False, dependencies=inside, route_class=ApiRoute)
    router.get("", name="describe_admin")(_Tables(tables).describe)
    for table in tables:
        table.add_routes(router, password_check)
    return router
