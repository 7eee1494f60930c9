"""What is deployed agrees with the desk: its settings, its commands, its addresses, and what it may write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import typer
import yaml

from casedesk.api import health
from casedesk.cli.commands import app
from casedesk.settings import Settings, load_settings
from tests.deploy.conftest import DEPLOY, Document

#: The image's own folders that a process writes; all else is read-only.
WRITABLE = {"/tmp", "/var/cache/casedesk", "/var/lib/casedesk"}
DESK = ("migrate", "app", "api", "stream")


@pytest.fixture(scope="module")
def commands(compose: Document, pods: dict[str, Document]) -> dict[str, list[str]]:
    """The arguments of every process of the desk."""
    found = {f"compose {name}": compose["services"][name]["command"] for name in DESK}
    found |= {f"kubernetes {name}": pod["containers"][0]["args"] for name, pod in pods.items()}
    (words,) = re.findall(r"^CMD \[(.*)\]", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    return found | {"image": re.findall(r'"([^"]+)"', words)}


def test_every_command_and_option_is_one_of_the_desk(commands: dict[str, list[str]]) -> None:
    root = typer.main.get_command(app)
    for where, arguments in commands.items():
        command, rest = root, list(arguments)
        while getattr(command, "commands", None):
            assert rest[0] in command.commands, (where, rest[0])
            command = command.commands[rest.pop(0)]
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, where


def test_every_setting_is_one_of_the_desk_and_is_taken(compose: Document, manifests: list[Document]) -> None:
    given = [compose["services"][name]["environment"] for name in DESK]
    given += [one["data"] for one in manifests if one["kind"] == "ConfigMap"]
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    given.append(dict(re.findall(r"(CASEDESK_\w+)=(\S+)", image)))
    assert len(given) == 6
    for some in given:
        values = {name: re.sub(r"\$\{[^}]*\}", "word", value) for name, value in some.items()}
        settings = load_settings(values)
        assert all(getattr(settings, name.removeprefix("CASEDESK_").lower()) for name in values)
    fields = {f"CASEDESK_{name.upper()}" for name in Settings.model_fields}
    named = {
        name for file in DEPLOY.rglob("*.*") for name in re.findall(r"\bCASEDESK_[A-Z_]+\b", file.read_text("utf-8"))
    }
    assert named <= fields


def test_probes_and_ports_are_where_the_processes_listen(
    compose: Document, manifests: list[Document], pods: dict[str, Document], commands: dict[str, list[str]]
) -> None:
    for name, service in ((name, compose["services"][name]) for name in ("app", "api", "stream")):
        port = port_of(service["command"])
        assert service.get("ports") == (None if name == "stream" else [f"127.0.0.1:{port}:{port}"])
        asked = re.findall(r"http://127\.0\.0\.1:(\d+)(/\S+?)'", " ".join(service["healthcheck"]["test"]))
        assert asked == [(port, "/ready")]
    services = {one["metadata"]["name"]: one["spec"] for one in manifests if one["kind"] == "Service"}
    for name in ("ui", "api", "stream"):
        (container,) = pods[name]["containers"]
        port, called = int(port_of(container["args"])), "metrics" if name == "stream" else "http"
        assert container["ports"] == [{"name": called, "containerPort": port}]
        assert name == "stream" or services[f"casedesk-{name}"]["ports"] == [
            {"name": "http", "port": port, "targetPort": "http"}
        ]
        paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]
        assert paths == ["/health", "/health", "/ready"]
    exposed = re.findall(r"^EXPOSE (.*)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert exposed == ["8501 8600 8700"]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert scraped["scrape_configs"][0]["static_configs"] == [{"targets": [f"api:{port_of(commands['compose api'])}"]}]
    (workers,) = scraped["scrape_configs"][1]["dns_sd_configs"]
    assert workers == {"names": ["stream"], "type": "A", "port": int(port_of(commands["compose stream"]))}
    (figures,) = [one["spec"] for one in manifests if one["metadata"]["name"] == "casedesk-figures"]
    assert figures["ingress"][0]["ports"] == [{"protocol": "TCP", "port": workers["port"]}]
    assert {"/health", "/ready", "/metrics"} <= {route.path for route in health.router.routes}


def test_nothing_runs_as_root_or_writes_elsewhere_and_no_secret_stands_here(
    compose: Document, pods: dict[str, Document]
) -> None:
    for name in DESK:
        service = compose["services"][name]
        places = {one.partition(":")[0] for one in service["tmpfs"]} | {one.split(":")[1] for one in service["volumes"]}
        assert (service["read_only"], service["user"], places) == (True, "10001:10001", WRITABLE)
    for name, pod in pods.items():
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            inside = container["securityContext"]
            assert inside["readOnlyRootFilesystem"], name
            assert inside["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
        (container,) = pod["containers"]
        writable = {one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
        assert writable == (WRITABLE - {"/var/lib/casedesk"} if name == "migrate" else WRITABLE)
        (address,) = container["env"]
        assert address["valueFrom"]["secretKeyRef"]["name"] == "casedesk-database"
    for key, value in texts(compose):
        assert not re.search("PASSWORD|SECRET", key) or re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), key


def port_of(arguments: Sequence[str]) -> str:
    words = list(arguments)
    return words[words.index("--port" if "--port" in words else "--metrics-port") + 1]


def texts(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document, with the name that it stands under."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from texts(value, str(name))
    elif isinstance(node, list):
        for value in node:
            yield from texts(value, key)
    elif isinstance(node, str):
        yield key, node
