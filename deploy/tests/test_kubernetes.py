"""The manifests: both overlays build, core kinds keep to their schemas, and what is promised of safety is in them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deploy.tests.manifests import OVERLAYS, ROOT, named, objects, pod_specs, rendered

from notechondria_cli.operator_env import read_env_file

WITH_SCHEMA = ("identity", "notes", "planner", "mcp")
SERVICES = (*WITH_SCHEMA, "web")
# Their schemas come with their operators; test_kubernetes_routes.py has Traefik itself read its own.
FOREIGN = {"IngressRoute", "Middleware", "ServersTransport", "Cluster", "ObjectStore", "ScheduledBackup"}
CORE = {
    *("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Job", "Namespace", "NetworkPolicy"),
    *(
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    ),
}

pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def test_core_kinds_keep_to_their_schemas(overlay: str) -> None:
    for thing in objects(overlay):
        assert thing["kind"] in CORE | FOREIGN
        if thing["kind"] in CORE:
            kubernetes_validate.validate(thing, "1.34", strict=True)


def test_every_pod_is_hardened(overlay: str) -> None:
    specs = pod_specs(overlay)
    assert {f"Deployment/{service}-service" for service in SERVICES} <= set(specs)
    assert {f"Job/{service}-migrate" for service in WITH_SCHEMA} | {
        "Job/provision",
        "Job/provision-bus",
        "StatefulSet/nats",
    } <= set(specs)
    for name, spec in specs.items():
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"] is True, name
        assert pod["runAsUser"] > 0, name
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec.get("hostNetwork") is None, name
        assert spec["automountServiceAccountToken"] is (name == "Deployment/gateway"), name
        assert spec["enableServiceLinks"] is False, name
        assert not [volume for volume in spec.get("volumes", []) if "hostPath" in volume], name
        for container in spec["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] is True, name
            assert rights["allowPrivilegeEscalation"] is False, name
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert set(container["resources"]["limits"]) == {"cpu", "memory"}, name
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            assert all("sizeLimit" in v["emptyDir"] for v in spec.get("volumes", []) if "emptyDir" in v), name


def test_what_runs_on_has_probes_and_a_graceful_end(overlay: str) -> None:
    for name, spec in pod_specs(overlay).items():
        (container,) = spec["containers"]
        if name.startswith("Job/"):
            assert spec["restartPolicy"] == "OnFailure"
            continue
        assert {"readinessProbe", "livenessProbe"} <= set(container), name
        assert spec["terminationGracePeriodSeconds"] >= 30, name
    for service in SERVICES:
        deployment = named(overlay, "Deployment", f"{service}-service")["spec"]
        assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        (container,) = deployment["template"]["spec"]["containers"]
        assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] > 300
        assert container["readinessProbe"]["httpGet"]["path"] == "/internal/health/ready"
        spread = [
            rule["labelSelector"]["matchLabels"] for rule in deployment["template"]["spec"]["topologySpreadConstraints"]
        ]
        assert all(rule["app.kubernetes.io/name"] == service for rule in spread)  # each service by itself
        budget = named(overlay, "PodDisruptionBudget", f"{service}-service")["spec"]
        assert budget["maxUnavailable"] == 1
        assert budget["selector"]["matchLabels"]["app.kubernetes.io/name"] == service
        scaling = named(overlay, "HorizontalPodAutoscaler", f"{service}-service")["spec"]
        assert scaling["scaleTargetRef"]["name"] == f"{service}-service"
        assert scaling["minReplicas"] >= (2 if overlay == "production" else 1)
        assert "replicas" not in deployment  # the autoscaler's to say


def test_the_gateway_is_asked_as_its_image_asks_it(overlay: str) -> None:
    """The image's own health check is run by every engine; the cluster's probes say the same."""
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    asked = re.search(r"^HEALTHCHECK .*\n\s+CMD (\[\"traefik\".*\])$", dockerfile, re.MULTILINE)
    assert asked
    (container,) = named(overlay, "Deployment", "gateway")["spec"]["template"]["spec"]["containers"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"] == yaml.safe_load(asked[1])


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector chooses a pod."""
    among = selector.get("matchExpressions", [])
    assert {rule["operator"] for rule in among} <= {"In"}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(rule["key"]) in rule["values"] for rule in among
    )


def pods(overlay: str) -> dict[str, dict[str, str]]:
    """The labels of every pod, by name; those that CloudNativePG makes among them."""
    found = {
        thing["metadata"]["name"]: thing["spec"]["template"]["metadata"]["labels"]
        for thing in objects(overlay, "Deployment", "StatefulSet", "Job")
    }
    for cluster in objects(overlay, "Cluster"):
        own = {"cnpg.io/cluster": cluster["metadata"]["name"]}
        found[cluster["metadata"]["name"]] = {**cluster["spec"]["inheritedMetadata"]["labels"], **own}
    return found


def admitted(overlay: str, target: str, port: int) -> set[str]:
    """The pods that network policies let reach a port of `target`: out of themselves, and into it."""
    every = pods(overlay)
    policies = [thing["spec"] for thing in objects(overlay, "NetworkPolicy")]

    def allows(rules: list[dict[str, Any]], side: str, other: dict[str, str]) -> bool:
        for rule in rules:
            if "ports" in rule and port not in [one["port"] for one in rule["ports"]]:
                continue
            peers = rule.get(side)
            here = [p for p in peers or [] if "podSelector" in p and "namespaceSelector" not in p]
            if peers is None or any(selects(p["podSelector"], other) for p in here):
                return True
        return False

    reached = set()
    for name, labels in every.items():
        out = [p.get("egress", []) for p in policies if selects(p["podSelector"], labels)]
        into = [p.get("ingress", []) for p in policies if selects(p["podSelector"], every[target])]
        if any(allows(rules, "to", every[target]) for rules in out) and any(allows(r, "from", labels) for r in into):
            reached.add(name)
    return reached


def test_network_policies(overlay: str) -> None:
    (deny,) = [p for p in objects(overlay, "NetworkPolicy") if p["metadata"]["name"] == "default-deny"]
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    services = {f"{service}-service" for service in SERVICES}
    jobs = {f"{service}-migrate" for service in WITH_SCHEMA} | {"provision"}
    for service in services:
        assert admitted(overlay, service, 8000) == services | {"gateway"}
        assert admitted(overlay, service, 5432) == set()
    keeping = services - {"web-service"}
    assert admitted(overlay, "nats", 4222) == keeping | {"provision-bus"}
    assert admitted(overlay, "nats", 6222) == {"nats"}
    assert admitted(overlay, "nats", 8222) == set()
    database = keeping | jobs | ({"postgres"} if overlay == "production" else set())  # instances among themselves
    assert admitted(overlay, "postgres", 5432) == database


def elsewhere(overlay: str, target: str, port: int, side: str) -> list[dict[str, Any]]:
    """The peers in other namespaces that may reach a port of `target` (`side` "ingress"), or be reached by it."""
    labels = pods(overlay)[target]
    policies = [thing["spec"] for thing in objects(overlay, "NetworkPolicy")]
    return [
        peer
        for policy in policies
        if selects(policy["podSelector"], labels)
        for rule in policy.get(side, [])
        if "ports" not in rule or port in [one["port"] for one in rule["ports"]]
        for peer in rule.get("from" if side == "ingress" else "to", [])
        if "namespaceSelector" in peer
    ]


def test_metrics_are_collected_from_a_marked_namespace_only(overlay: str) -> None:
    collector = {
        "namespaceSelector": {"matchLabels": {"notechondria/metrics": "collector"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    }
    for service in SERVICES:
        assert elsewhere(overlay, f"{service}-service", 8000, "ingress") == [collector]
    assert elsewhere(overlay, "gateway", 8081, "ingress") == [collector]
    assert admitted(overlay, "gateway", 8081) == set()
    assert elsewhere(overlay, "nats", 4222, "ingress") == []
    for job in ("provision", "provision-bus", *(f"{service}-migrate" for service in WITH_SCHEMA)):
        assert elsewhere(overlay, job, 8000, "ingress") == []


def test_the_gateway_reaches_an_ai_service_in_a_marked_namespace_only(overlay: str) -> None:
    (peer,) = elsewhere(overlay, "gateway", 9000, "egress")
    assert peer == {"namespaceSelector": {"matchLabels": {"notechondria/ai": "service"}}}
    for service in SERVICES:
        assert elsewhere(overlay, f"{service}-service", 9000, "egress") == []


def test_web_gets_no_address_of_database_and_bus(overlay: str) -> None:
    (container,) = pod_specs(overlay)["Deployment/web-service"]["containers"]
    addresses = {"IDENTITY_URL", "NOTES_URL", "PLANNER_URL", "MCP_URL"}
    assert {entry["name"] for entry in container["env"]} == {*addresses, "SERVICE_KEY"}
    secrets = [entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry]
    assert secrets == ["notechondria-web"]
    whole = {source["secretRef"]["name"] for source in container["envFrom"] if "secretRef" in source}
    assert whole == {"notechondria-shared", "notechondria-web-settings"}
    assert container["image"].split(":")[0].endswith("notechondria/web")
    assert "Job/web-migrate" not in pod_specs(overlay)
    labels = pods(overlay)["web-service"]
    policies = [p["spec"] for p in objects(overlay, "NetworkPolicy")]
    rules = [rule for p in policies if selects(p["podSelector"], labels) for rule in p.get("egress", [])]
    assert not [peer for rule in rules for peer in rule.get("to", []) if "ipBlock" in peer]


def test_each_service_is_given_its_own_credentials_only(overlay: str) -> None:
    for service in WITH_SCHEMA:
        for name in (f"Deployment/{service}-service", f"Job/{service}-migrate"):
            (container,) = pod_specs(overlay)[name]["containers"]
            direct = {
                e["valueFrom"]["secretKeyRef"]["name"]
                for e in container["env"]
                if "secretKeyRef" in e.get("valueFrom", {})
            }
            whole = {source["secretRef"]["name"] for source in container["envFrom"] if "secretRef" in source}
            assert direct == {f"notechondria-{service}"}
            assert whole == {"notechondria-shared", f"notechondria-{service}-settings"}
            values = {entry["name"]: entry.get("value") for entry in container["env"]}
            assert (
                values["DATABASE_URL"] == f"postgresql://{service}:$(DATABASE_PASSWORD)@postgres-rw:5432/notechondria"
            )
            assert container["image"].split(":")[0].endswith(f"notechondria/{service}")


def test_no_secret_stands_in_the_manifests(overlay: str) -> None:
    assert not objects(overlay, "Secret")
    for thing in objects(overlay, "ConfigMap"):
        assert not [key for key in thing["data"] if re.search("PASSWORD|SECRET|TOKEN|_KEY", key)]
    for name, spec in pod_specs(overlay).items():
        for container in spec["containers"]:
            for entry in container.get("env", []):
                if re.search("PASSWORD|SECRET|TOKEN", entry["name"]):
                    assert "value" not in entry, name
    # A password in an address is a reference to a variable.
    for match in re.finditer(r"\w+://[\w-]+:([^@\s]+)@", rendered(overlay)):
        assert re.fullmatch(r"\$\(\w+\)", match[1]), match[0]


def test_every_secret_that_is_named_is_made_by_the_script(overlay: str, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    subprocess.run(["sh", ROOT / "deploy" / "make-env.sh", env], check=True, capture_output=True)
    assert env.stat().st_mode & 0o777 == 0o600
    before = env.read_text()
    subprocess.run(["sh", ROOT / "deploy" / "make-env.sh", env], check=True, capture_output=True)
    assert env.read_text() == before  # repeating it changes nothing
    env.write_text(before + "BACKUP_ACCESS_KEY_ID=a\nBACKUP_SECRET_ACCESS_KEY=it's\n")
    call = ["sh", str(ROOT / "deploy" / "k8s" / "make-secrets.sh"), "here", str(env)]
    made = list(yaml.safe_load_all(subprocess.run(call, check=True, capture_output=True, text=True).stdout))
    for secret in made:
        kubernetes_validate.validate(secret, "1.34", strict=True)
        assert secret["metadata"]["namespace"] == "here"
    keys = {secret["metadata"]["name"]: set(secret["stringData"]) for secret in made}
    assert made[-1]["stringData"]["SECRET_ACCESS_KEY"] == "it's"
    for spec in pod_specs(overlay).values():
        for container in spec["containers"]:
            for entry in container.get("env", []):
                if reference := entry.get("valueFrom", {}).get("secretKeyRef"):
                    assert reference["key"] in keys[reference["name"]]
            for source in container.get("envFrom", []):
                if "secretRef" in source and not source["secretRef"].get("optional"):
                    assert source["secretRef"]["name"] in keys
    users = {f"{user}_NATS_PASSWORD" for user in ("IDENTITY", "NOTES", "PLANNER", "MCP", "ADMIN", "SYSTEM", "ROUTE")}
    assert keys["notechondria-nats"] == users
    for service in WITH_SCHEMA:
        secret = next(s for s in made if s["metadata"]["name"] == f"notechondria-{service}")["stringData"]
        assert secret["NATS_PASSWORD"] == read_env_file(env)[f"{service.upper()}_NATS_PASSWORD"]


def test_the_bus_keeps_what_was_published(overlay: str) -> None:
    nats = named(overlay, "StatefulSet", "nats")["spec"]
    servers = 3 if overlay == "production" else 1
    assert nats["replicas"] == servers
    (settings,) = [thing["data"] for thing in objects(overlay, "ConfigMap")]
    assert settings["NATS_REPLICAS"] == str(servers)
    (volume,) = nats["volumeClaimTemplates"]
    assert {"name": volume["metadata"]["name"], "mountPath": "/data"} in nats["template"]["spec"]["containers"][0][
        "volumeMounts"
    ]
    (rule,) = nats["template"]["spec"]["topologySpreadConstraints"]
    assert rule["whenUnsatisfiable"] == "DoNotSchedule"
    assert selects(rule["labelSelector"], nats["template"]["metadata"]["labels"])
    # The image's configuration is the one file; flags make a cluster of it, and its names are the pods'.
    assert "sync_interval: always" in (ROOT / "deploy" / "nats" / "nats.conf").read_text()
    if servers > 1:
        routes = next(
            flag for flag in nats["template"]["spec"]["containers"][0]["args"] if flag.startswith("--routes=")
        )
        assert re.findall(r"@(nats-\d)\.([\w-]+):", routes) == [
            (f"nats-{n}", nats["serviceName"]) for n in range(servers)
        ]


def test_postgres_and_media(overlay: str) -> None:
    (settings,) = [thing["data"] for thing in objects(overlay, "ConfigMap")]
    if overlay != "production":
        # The components for clusters without operators: one Postgres, and uploads on a volume.
        assert not objects(overlay, "Cluster", "ObjectStore", "ScheduledBackup")
        assert named(overlay, "Service", "postgres-rw")["spec"]["selector"] == {"app.kubernetes.io/name": "postgres"}
        postgres = named(overlay, "StatefulSet", "postgres")["spec"]
        (connections,) = re.findall(
            r"max_connections=(\d+)", " ".join(postgres["template"]["spec"]["containers"][0]["args"])
        )
        most = sum(
            named(overlay, "HorizontalPodAutoscaler", f"{s}-service")["spec"]["maxReplicas"] for s in WITH_SCHEMA
        )
        assert most * 10 < int(connections)
        for service in ("identity", "notes"):
            (container,) = pod_specs(overlay)[f"Deployment/{service}-service"]["containers"]
            assert {"name": "media", "mountPath": "/home/mediafiles"} in container["volumeMounts"]
        return
    cluster = named(overlay, "Cluster", "postgres")["spec"]
    assert cluster["instances"] == 3
    assert cluster["affinity"]["podAntiAffinityType"] == "required"
    (plugin,) = cluster["plugins"]
    store = named(overlay, "ObjectStore", plugin["parameters"]["barmanObjectName"])["spec"]
    assert plugin["isWALArchiver"] is True
    assert store["configuration"]["destinationPath"].startswith("s3://")
    backup = named(overlay, "ScheduledBackup", "postgres-nightly")["spec"]
    assert backup["cluster"]["name"] == "postgres"
    assert len(backup["schedule"].split()) == 6
    assert settings["MEDIA_STORE_URL"].startswith("s3://")
    # Every replica of every service at its most, with its four connections and those beside the pool.
    most = sum(named(overlay, "HorizontalPodAutoscaler", f"{s}-service")["spec"]["maxReplicas"] for s in WITH_SCHEMA)
    assert most * 10 < int(cluster["postgresql"]["parameters"]["max_connections"])


def test_the_gateway_may_read_its_routes_and_nothing_else(overlay: str) -> None:
    for rule in named(overlay, "Role", "gateway")["rules"]:
        assert set(rule["verbs"]) <= {"get", "list", "watch"}
    (middleware,) = [m for m in objects(overlay, "Middleware") if m["metadata"]["name"] == "answers"]
    (settings,) = [thing["data"] for thing in objects(overlay, "ConfigMap")]
    assert middleware["spec"]["plugin"]["answers"]["hosts"] == settings["GATEWAY_HOSTS"]
