"""A service's rules in this process, against one Postgres: no gateway, no bus, no other service, and nothing is kept.

The service's own application runs with its own lifespan. Its database is one connection with an outer transaction for
each test: commits of the service are savepoints, and the test ends with a rollback. Jobs in the background do not run.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest import mock

import httpx
from fastapi import FastAPI
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

import notechondria_shared.service.chassis
import notechondria_shared.web.state
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.assertion import ASSERTION_HEADER, INTERNAL_TOKEN_HEADER
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.background import Background
from notechondria_shared.core.errors import ApiError
from notechondria_shared.core.keys import CallTokens, SigningKey
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db.migrations import migrate
from notechondria_shared.db.reader import PoolUse, Prepared, Reads, RowT
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.relay import Relay
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.web.app_state import AppState
from notechondria_shared.web.state import ServiceState
from tests.support.keys import IDENTITY, KEY_SETTINGS, ONE_KEY
from tests.support.ready_data import ready_data, started

T = TypeVar("T")
_ids = itertools.count(1001)


@contextmanager
def migrated(specs: list[ServiceSpec]) -> Iterator[Stack]:
    """A Postgres of its own with the schemas of these services, and nothing else."""
    with (
        ready_data() as folder,
        started(Stack(folder, env={"DATABASE_URL": "", "NATS_URL": ""}), database_only=True) as stack,
    ):
        for spec in specs:
            migrate(stack.database_url(spec.tables.schema), spec.tables.schema, spec.migrations)
        yield stack


class RolledBackDatabase(Reads):
    """Stands in for `Database`, and for its `Reader`: everything happens on one connection that never commits."""

    def __init__(self, settings: ServiceSettings) -> None:
        url = settings.database_conninfo.replace("postgresql://", "postgresql+psycopg://", 1)
        self.conninfo = settings.database_conninfo
        self.reader = self
        self._engine = create_async_engine(url, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})
        self._connection: AsyncConnection | None = None

    async def open(self) -> None:
        """Connections are made for each test."""

    async def close(self) -> None:
        """Let go of everything."""
        await self._engine.dispose()

    def pools(self) -> dict[str, PoolUse]:
        """Nothing is pooled."""
        return {}

    @asynccontextmanager
    async def outer(self) -> AsyncIterator[AsyncConnection]:
        """The transaction of one test."""
        async with self._engine.connect() as connection:
            outer = await connection.begin()
            self._connection = connection
            try:
                yield connection
            finally:
                self._connection = None
                await outer.rollback()

    @property
    def connection(self) -> AsyncConnection:
        assert self._connection is not None, "only within a test"
        return self._connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """As `Database.transaction`; the commit ends a savepoint."""
        async with AsyncSession(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            try:
                yield session
            except ApiError as refusal:
                if refusal.commit_on_error:
                    await session.commit()
                raise
            await session.commit()

    async def all(self, query: Prepared[RowT], **params: object) -> list[RowT]:
        """As `Reader.all`, within the transaction of the test."""
        raw = await self.connection.get_raw_connection()
        driver: Any = raw.driver_connection
        cursor = await driver.cursor(row_factory=query.row_factory).execute(query.sql, {**query.constants, **params})
        rows: list[RowT] = await cursor.fetchall()
        return rows

    async def run(self, query: Prepared[RowT], **params: object) -> list[RowT]:
        """As `Database.run`, within the transaction of the test."""
        return await self.all(query, **params)


@dataclass
class Person:
    """Somebody known to the service by the word of another service (an internal assertion)."""

    service: Service
    id: int
    scopes: tuple[str, ...] = ("read", "write")
    is_staff: bool = False

    @property
    def headers(self) -> dict[str, str]:
        claims = {
            "username": f"user{self.id}",
            "image_path": "",
            "editor_mode": "G",
            "is_staff": self.is_staff,
            "is_superuser": False,
            "scopes": list(self.scopes),
            "kind": "session",
        }
        service = state_of(self.service.app, AppState).settings.service
        return {ASSERTION_HEADER: IDENTITY.assertion(self.id, claims, service, "mcp")}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.service.request(method, path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, json: Any = None) -> httpx.Response:
        return self.request("POST", path, json={} if json is None else json)

    def patch(self, path: str, json: Any) -> httpx.Response:
        return self.request("PATCH", path, json=json)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        """What a successful POST answers."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


class Service:
    """One service, called without a network; paths without a leading slash lie below /api/v1/."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        self.app = app
        self._runner = runner
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the service's loop."""
        return self._runner.run(work)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = path if path.startswith("/") else f"/api/v1/{path}"
        return self.run(self._http.request(method, url, **options))

    def person(self, **more: Any) -> Person:
        """Somebody whom no other test knows: services remember people, also where a rollback forgets them."""
        return Person(self, next(_ids), **more)

    def internal(self, caller: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A request of another service."""
        service = state_of(self.app, AppState).settings.service
        header = {INTERNAL_TOKEN_HEADER: CallTokens(caller, SigningKey(ONE_KEY)).token(service)}
        return self.request(method, path, headers=header, **options)

    def rows(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        """Run a statement within the transaction of the test."""

        async def execute() -> list[dict[str, Any]]:
            raw = await self.database.connection.get_raw_connection()
            driver: Any = raw.driver_connection
            cursor = await driver.cursor(row_factory=dict_row).execute(statement, params)
            return list(await cursor.fetchall()) if cursor.description else []

        return self.run(execute())

    def events(self) -> list[str]:
        """Subjects of the events in the outbox, in order."""
        return [row["subject"] for row in self.rows("SELECT subject FROM outbox ORDER BY id")]

    def handle(self, handler: Callable[[AsyncSession, Any], Awaitable[object]], event: Any) -> None:
        """Have a consumer's handler process an event."""

        async def work() -> None:
            async with self.database.transaction() as db:
                await handler(db, event)

        self.run(work())

    @property
    def database(self) -> RolledBackDatabase:
        database = state_of(self.app, ServiceState).database
        assert isinstance(database, RolledBackDatabase)
        return database

    @contextmanager
    def rolled_back(self) -> Iterator[Service]:
        """The transaction of one test."""
        stack = AsyncExitStack()
        self.run(stack.enter_async_context(self.database.outer()))
        try:
            yield self
        finally:
            self.run(stack.aclose())

    async def close(self) -> None:
        await self._http.aclose()


class Life:
    """An application's lifespan, begun and ended in one task, as servers do it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._begun, self._ending = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Returns when the application is ready, or raises why it is not."""
        self._task = asyncio.create_task(self._live())
        waiting = asyncio.create_task(self._begun.wait())
        await asyncio.wait((self._task, waiting), return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            waiting.cancel()
            await self._task

    async def end(self) -> None:
        self._ending.set()
        if self._task is not None:
            await self._task

    async def _live(self) -> None:
        async with self._app.router.lifespan_context(self._app):
            self._begun.set()
            await self._ending.wait()


@contextmanager
def running(
    stack: Stack, model: type[ServiceSettings], spec: ServiceSpec, *jobs: type[Any], **settings: Any
) -> Iterator[Service]:
    """A service's application on the schema of `stack`, without what goes on in the background.

    `jobs` are classes with a `start` besides those that all services have.
    """
    name = spec.tables.schema
    values = {
        "database_url": stack.database_url(name),
        **{name.lower(): value for name, value in KEY_SETTINGS.items()},
        "media_store_url": (stack.data / "media").as_uri(),
        "public_base_url": "http://localhost:8080",
        **settings,
    }
    with asyncio.Runner() as runner:
        # Replaced only while the application is made and ended: other tests of this process use the real ones.
        with ExitStack() as replaced:
            replaced.enter_context(mock.patch.object(notechondria_shared.web.state, "Database", RolledBackDatabase))
            # This process is no service: what others hold in it stays in sight of the collector, which Hypothesis asks.
            replaced.enter_context(mock.patch.object(notechondria_shared.service.chassis, "settle"))
            for kind in (Background, Bus, Relay, *jobs):
                replaced.enter_context(mock.patch.object(kind, "start"))
            app = create_service_app(model(**values), spec)
            life = Life(app)
            runner.run(life.begin())
        service = Service(app, runner)
        try:
            yield service
        finally:
            runner.run(service.close())
            # A client that never connected cannot be closed.
            with mock.patch.object(Bus, "close", mock.AsyncMock()):
                runner.run(life.end())
