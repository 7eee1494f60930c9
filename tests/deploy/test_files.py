"""What is deployed is well-formed by the schemas of those who read it, and by a linter. Nothing is started and nothing is fetched."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import jsonschema
import kubernetes_validate
import promql_parser
import pytest
import yaml

from casedesk.api.metrics import Metrics
from casedesk.stream.figures import Figures
from tests.deploy.conftest import DEPLOY, ROOT, Document

#: What Prometheus itself and its client's collector of processes tell.
OTHERS = {"up", "process_resident_memory_bytes"}
KUBERNETES = "1.33"


def test_the_compose_file_is_one_by_its_specification(compose: Document) -> None:
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose, json.loads(schema.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**compose, "service": {}}, json.loads(schema.read_text(encoding="utf-8")))


def test_every_manifest_is_one_by_its_schema_and_is_listed(manifests: list[Document]) -> None:
    assert {one["kind"] for one in manifests} >= {
        "Deployment", "Job", "Service", "NetworkPolicy", "PodDisruptionBudget", "ConfigMap", "PersistentVolumeClaim",
    }  # fmt: skip
    for one in manifests:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
        assert one["metadata"].get("namespace", "casedesk") == "casedesk"
    folder = DEPLOY / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(listed) == sorted(file.name for file in folder.glob("*.yaml") if file.name != "kustomization.yaml")


def test_the_linter_of_dockerfiles_finds_nothing(tmp_path: Path) -> None:
    def lint(file: Path) -> str:
        command = [str(Path(sys.executable).with_name("hadolint")), "--no-color", str(file)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout

    good = DEPLOY / "Dockerfile"
    assert lint(good) == ""
    worse = tmp_path / "Dockerfile"
    worse.write_text(good.read_text(encoding="utf-8").replace("python:3.13-slim", "python:latest"), encoding="utf-8")
    assert "DL3007" in lint(worse)


def test_what_the_image_copies_is_there_and_is_sent_to_the_builder() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert {word for some in words for word in some} == sent
    assert all((ROOT / name).exists() for name in sent)
    assert "USER 10001:10001" in lines


def test_the_image_has_the_drivers_of_all_that_it_is_connected_to() -> None:
    locked = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = ("mssql", "postgres", "oidc", "timestamp", "kafka", "registry")
    names = {re.split(r"[\[><=]", one)[0] for extra in wanted for one in extras[extra]}
    missing = {name for name in names if not re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE)}
    assert not missing, "name the extra in the line of deploy/requirements.lock in scripts/lock.sh, and run it"
    pins = set(re.findall(r"^\S+==\S+", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert pins <= set(re.findall(r"^\S+==\S+", locked, re.MULTILINE)), "another pin than the one that was tested"


def test_images_are_pinned_by_tag_and_name_no_host(compose: Document, pods: dict[str, Document]) -> None:
    named = [service["image"] for service in compose["services"].values()]
    named += [one["image"] for pod in pods.values() for one in (*pod["containers"], *pod.get("initContainers", ()))]
    named += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    wrong = [
        one for one in named if not re.fullmatch(r"\$\{MSSQL_IMAGE:\?[^}]+\}|([a-z0-9-]+/)?[a-z0-9-]+:v?\d[\w.-]*", one)
    ]
    assert not wrong


def test_the_dashboard_and_the_rules_ask_only_for_figures_that_there_are() -> None:
    labels: dict[str, set[str]] = {name: set() for name in OTHERS}
    registries = [Metrics().registry, Figures().registry]  # of the API and of a worker
    for figure in (pair for one in registries for pair in one._names_to_collectors.items()):
        labels[figure[0]] = set(getattr(figure[1], "_labelnames", ()))
    board = json.loads((DEPLOY / "grafana" / "dashboards" / "casedesk.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    seen: set[str] = set()
    for text in asked:
        for selector in selectors(text.replace("$__rate_interval", "5m")):
            seen.add(selector.name)
            assert selector.name in labels, text
            used = {matcher.name for matcher in selector.matchers.matchers}
            assert used <= labels[selector.name] | {"job", "instance"}, text
    assert {name.removesuffix("_bucket").removesuffix("_total") for name in seen} - OTHERS == {
        family.name for one in registries for family in one.collect() if family.name.startswith("casedesk_")
    }, "a figure that nobody looks at, or a look at none"


def selectors(text: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> None:
        selector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(selector, promql_parser.VectorSelector) and str(selector) not in map(str, found):
            found.append(selector)

    promql_parser.walk(promql_parser.parse(text), visit)
    return found
