"""The parts of the running web service."""

from __future__ import annotations

from dataclasses import dataclass, field

from notechondria_contracts.clients.agents import AgentsClient
from notechondria_contracts.clients.authorization import AuthorizationClient
from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.clients.identity import IdentityClient
from notechondria_contracts.clients.mcp import McpClient
from notechondria_contracts.clients.notes import NotesClient
from notechondria_contracts.clients.own_account import OwnAccountClient
from notechondria_contracts.clients.own_notes import OwnNotesClient
from notechondria_contracts.clients.own_profile import OwnProfileClient
from notechondria_contracts.clients.people import PeopleClient
from notechondria_contracts.clients.planner import PlannerClient
from notechondria_shared.web.app_state import AppState
from web_service.admin.catalogue import Catalogue
from web_service.comparing import Comparisons
from web_service.settings import WebSettings
from web_service.upload_slots import UploadSlots


@dataclass(kw_only=True)
class WebState(AppState[WebSettings]):
    """The clients of the other services, and what those let staff see."""

    identity: IdentityClient = field(init=False)
    people: PeopleClient = field(init=False)
    """Identity again, for signing in and up."""
    own_account: OwnAccountClient = field(init=False)
    """Identity again, for what protects an account."""
    authorization: AuthorizationClient = field(init=False)
    """Identity again, for programs that ask for access."""
    own_profile: OwnProfileClient = field(init=False)
    """Identity again, for who a person is here."""
    agents: AgentsClient = field(init=False)
    """Identity again, for what may act for a person."""
    notes: NotesClient = field(init=False)
    own_notes: OwnNotesClient = field(init=False)
    """Notes again, for who looks after their notes."""
    planner: PlannerClient = field(init=False)
    mcp: McpClient = field(init=False)
    clients: dict[str, ServiceClient] = field(init=False)
    """Those of all other services by name, in the order in which the services are shown."""
    catalogue: Catalogue = field(init=False)
    upload_slots: UploadSlots = field(init=False, default_factory=UploadSlots)
    comparisons: Comparisons = field(init=False, default_factory=Comparisons)

    def __post_init__(self) -> None:
        """Make the clients."""
        super().__post_init__()
        http, settings = self.internal_http, self.settings
        self.identity = IdentityClient(http, settings.identity_url)
        self.people = PeopleClient(http, settings.identity_url)
        self.own_account = OwnAccountClient(http, settings.identity_url)
        self.authorization = AuthorizationClient(http, settings.identity_url)
        self.own_profile = OwnProfileClient(http, settings.identity_url)
        self.agents = AgentsClient(http, settings.identity_url)
        self.own_notes = OwnNotesClient(http, settings.notes_url)
        self.notes = NotesClient(http, settings.notes_url)
        self.planner = PlannerClient(http, settings.planner_url)
        self.mcp = McpClient(http, settings.mcp_url)
        others = (self.notes, self.planner, self.mcp)
        self.clients = {client.service: client for client in (self.identity, *others)}
        self.catalogue = Catalogue(self.clients)
