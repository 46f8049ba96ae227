"""What the dashboard and the alerts look at is really exported, and what each alert means stands in the docs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from notechondria_cli.ports import choose_port
from notechondria_launcher.stack import Stack
from tests.support.certificates import self_signed
from tests.support.client import Api, eventually
from tests.support.documents import SERVICES
from tests.support.gateway import another_gateway
from tests.support.observed import Series, live, of_gateway, of_service, scrape
from tests.support.ready_data import ready_data

ROOT = Path(__file__).resolve().parent.parent
DASHBOARD = ROOT / "deploy/monitoring/grafana/notechondria.json"
ALERTS = ROOT / "deploy/monitoring/prometheus/alerts.yaml"
SCRAPES = ROOT / "deploy/monitoring/prometheus/prometheus.yml"
OF_PROMETHEUS = {"up": {"job", "instance"}}
"""Made by the collector for everything it collects from."""


@dataclass(frozen=True)
class Use:
    """A metric that an expression looks at, with the labels it chooses or groups by."""

    where: str
    metric: str
    labels: frozenset[str]


def uses(where: str, expression: str) -> Iterator[Use]:
    """Every metric of a PromQL expression."""
    text = expression.replace("$__rate_interval", "5m").replace("$service", ".*")
    yield from _walk(where, promql_parser.parse(text), frozenset())


def _walk(where: str, node: Any, grouped: frozenset[str]) -> Iterator[Use]:
    if isinstance(node, promql_parser.VectorSelector):
        yield Use(where, str(node.name), grouped | {matcher.name for matcher in node.matchers.matchers})
        return
    if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
        grouped = grouped | set(node.modifier.labels)
    # What is left of a histogram is not labelled by its buckets any more; above it nobody groups by them.
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if (inner := getattr(node, name, None)) is not None:
            yield from _walk(where, inner, grouped)
    for inner in getattr(node, "args", None) or ():
        yield from _walk(where, inner, grouped)


def alerts() -> list[dict[str, Any]]:
    """Every rule of the file."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel that shows something."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def everything() -> list[Use]:
    """What all panels and alerts look at."""
    return [
        use
        for where, expression in (
            *((f"alert {rule['alert']}", rule["expr"]) for rule in alerts()),
            *((f"panel {panel['title']}", target["expr"]) for panel in panels() for target in panel["targets"]),
        )
        for use in uses(where, expression)
    ]


@pytest.fixture(scope="module")
def exported() -> Iterator[list[Series]]:
    """Everything that a stack with a little traffic exports."""
    with ready_data() as folder:
        environment = {"AUTH_RATE_PER_MINUTE": "0", "METRICS": "on", "CALENDAR_FEED_ALLOW_HOSTS": "127.0.0.1"}
        with Stack(folder, env=environment) as stack, Api(stack) as api:
            live(api)

            def whole() -> list[Series]:
                found = [series for service in SERVICES for series in of_service(stack, service)]
                streams = {one.labels["service"] for one in found if one.name == "notechondria_consumer_pending"}
                return found if {"notes", "planner", "mcp"} <= streams else []

            yield [*eventually(whole, 20, what="every consumer"), *of_gateway(stack), *of_tls(stack, folder)]


def of_tls(stack: Stack, folder: Path) -> list[Series]:
    """What a gateway that serves a certificate says of it."""
    cert, key = self_signed(folder)
    environment = {"TLS_CERT_FILE": str(cert), "TLS_KEY_FILE": str(key), "TLS_PORT": str(choose_port())}
    with another_gateway(stack, None, **environment) as gateway:

        def presented() -> list[Series]:
            found = scrape(f"http://127.0.0.1:{gateway.ping_port}/metrics")
            return [one for one in found if one.name == "traefik_tls_certs_not_after"]

        found: list[Series] = eventually(presented, 20, what="the end of the certificate")
        return found


def test_every_metric_and_label_is_exported(exported: list[Series]) -> None:
    labels: dict[str, set[str]] = {name: set(found) for name, found in OF_PROMETHEUS.items()}
    for series in exported:
        labels.setdefault(series.name, set()).update(series.labels)
    found = everything()
    assert len({use.metric for use in found}) > 20
    missing = [
        (use.where, use.metric, sorted(use.labels - labels.get(use.metric, set())))
        for use in found
        if use.metric not in labels or use.labels - labels[use.metric]
    ]
    assert not missing


def test_every_metric_of_ours_is_looked_at(exported: list[Series]) -> None:
    ours = {re.sub(r"_(bucket|count|sum)$", "", one.name) for one in exported if "notechondria" in one.name}
    shown = {re.sub(r"_bucket$", "", use.metric) for use in everything()}
    assert not {name for name in ours if name not in shown}


def test_labels_that_are_chosen_by_value_exist(exported: list[Series]) -> None:
    known = {value for one in exported for value in one.labels.values()}
    text = ALERTS.read_text() + DASHBOARD.read_text()
    chosen = set(re.findall(r'\b(?:result|route)!?=\\?"([^"\\$]+)\\?"', text))
    assert {"hit", "/mcp/"} <= chosen
    # Clients use the form with the slash; the other is a template all the same.
    assert chosen - known <= {"/mcp"}


def test_what_each_alert_means_stands_in_the_docs() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = text[text.index("| Alert | What it means | What to do |") :].split("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [f"| [`{rule['alert']}`](alerts/{rule['alert']}.md)" for rule in alerts()]
    assert all(len(row) == 3 and len(row[1]) > 10 and len(row[2]) > 10 for row in rows)


def test_each_alert_names_a_page_that_says_what_to_do() -> None:
    pages = {rule["alert"]: rule["annotations"]["page"] for rule in alerts()}
    assert pages == {name: f"docs/alerts/{name}.md" for name in pages}
    assert {path.stem for path in (ROOT / "docs/alerts").glob("*.md")} == set(pages)
    for name, page in pages.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        assert text.startswith(f"# {name}\n")
        for part in ("## Look first", "## What to do"):
            assert text.split(part)[1].strip().startswith("* "), page


def test_alerts_say_what_they_are_about() -> None:
    for rule in alerts():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        # What a text names must be left by the expression.
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            assert label in rule["expr"] or label in OF_PROMETHEUS["up"], rule["alert"]


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads(DASHBOARD.read_text())
    assert {variable["name"] for variable in board["templating"]["list"]} == {"datasource", "service"}
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    for panel in panels():
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24


def test_the_collector_knows_where_to_look() -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load(SCRAPES.read_text())["scrape_configs"]}
    targets = jobs["notechondria"]["static_configs"][0]["targets"]
    assert {target.partition(":")[0] for target in targets} == set(SERVICES)
    assert jobs["notechondria"]["metrics_path"] == "/internal/metrics"
    assert jobs["notechondria-gateway"]["static_configs"][0]["targets"] == ["gateway:8081"]
    assert all(re.fullmatch("notechondria.*", name) for name in jobs)
