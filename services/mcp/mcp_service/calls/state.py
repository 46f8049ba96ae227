"""What the agents' log needs of the running service."""

from __future__ import annotations

from dataclasses import dataclass, field

from mcp_service.calls.runs import UndoRuns
from mcp_service.calls.service import CallLog
from mcp_service.calls.writer import CallWriter
from mcp_service.settings import McpSettings
from mcp_service.upstream.client import Services, Upstream
from mcp_service.upstream.json_client import HttpxCalls, JsonClient
from notechondria_shared.web.clients import tls_context
from notechondria_shared.web.state import ServiceState


@dataclass(kw_only=True)
class CallLogState(ServiceState[McpSettings]):
    """The log, its writer, and the services that taking a call back asks."""

    services: Services = field(init=False)
    call_writer: CallWriter = field(init=False)
    call_log: CallLog = field(init=False)
    undo_runs: UndoRuns = field(init=False)
    json_client: JsonClient = field(init=False)

    async def start(self) -> None:
        """Make the parts and start the writer."""
        settings = self.settings
        self.json_client = JsonClient(tls_context)
        # Traces are hung into httpx.
        http = HttpxCalls(self.user_http) if settings.otel_exporter_otlp_endpoint else self.json_client
        self.services = Services(
            identity=Upstream(http, "identity", settings.identity_url),
            notes=Upstream(http, "notes", settings.notes_url),
            planner=Upstream(http, "planner", settings.planner_url),
        )
        self.call_writer = CallWriter(self.database)
        self.call_log = CallLog(self.database, self.call_writer)
        self.undo_runs = UndoRuns(self.database, self.call_log)
        self.call_writer.start()

    async def stop(self) -> None:
        """Cut off what is being taken back, and store what waits."""
        await self.undo_runs.stop()
        await self.call_writer.stop()
        await self.json_client.aclose()
