"""The part of the Kubernetes API that Traefik reads, over manifests that would be applied: lists, waiting watches."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KINDS = (
    *("IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "Middleware", "MiddlewareTCP", "ServersTransport"),
    *("ServersTransportTCP", "TLSOption", "TLSStore", "TraefikService"),
    *("Service", "EndpointSlice", "Secret", "ConfigMap"),
)
PLURALS = {kind: f"{kind.lower()}s" for kind in KINDS}
LISTS = {plural: f"{kind}List" for kind, plural in PLURALS.items()}
PATH = re.compile(r"^/apis?/(?P<version>[^/]+(?:/[^/]+)?)/namespaces/(?P<namespace>[^/]+)/(?P<plural>[a-z]+)$")


class Cluster:
    """An API server on loopback that holds some objects of one namespace and refuses whoever asks for another."""

    def __init__(self, namespace: str, objects: list[dict[str, Any]]) -> None:
        self.namespace = namespace
        self.closing = threading.Event()
        self.asked: set[str] = set()
        """The plurals that were listed."""
        self._objects: dict[str, list[dict[str, Any]]] = {}
        for number, thing in enumerate(objects, 1):
            meta = {**thing["metadata"], "namespace": namespace, "uid": f"uid-{number}", "resourceVersion": str(number)}
            self._objects.setdefault(PLURALS[thing["kind"]], []).append({**thing, "metadata": meta})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cluster": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def listed(self, plural: str) -> list[dict[str, Any]]:
        self.asked.add(plural)
        return self._objects.get(plural, [])

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    cluster: Cluster
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        found = PATH.match(parts.path)
        if parts.path == "/version":
            self._answer(200, {"major": "1", "minor": "34", "gitVersion": "v1.34.0"})
        elif not found or found["namespace"] != self.cluster.namespace:
            self._refuse(403, "Forbidden")
        elif "sendInitialEvents" in query:
            self._refuse(422, "Invalid")  # an older server: the client lists instead
        elif query.get("watch"):
            self._wait()
        else:
            items = self.cluster.listed(found["plural"])
            version = found["version"]
            kind = LISTS.get(found["plural"], "List")
            body = {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "1000"}, "items": items}
            self._answer(200, body)

    def _wait(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while not self.cluster.closing.is_set():
            time.sleep(0.1)

    def _refuse(self, code: int, reason: str) -> None:
        self._answer(code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code})

    def _answer(self, code: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
