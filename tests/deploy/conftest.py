"""The files of deploy/, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
Document = dict[str, Any]


@pytest.fixture(scope="session")
def compose() -> Document:
    found: Document = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def manifests() -> list[Document]:
    """Every document of deploy/kubernetes but the list of them."""
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    found = [document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    return [document for document in found if document["kind"] != "Kustomization"]


@pytest.fixture(scope="session")
def pods(manifests: list[Document]) -> dict[str, Document]:
    """The specification of each pod, by its component."""
    kinds = ("Deployment", "Job")
    templates = [one["spec"]["template"] for one in manifests if one["kind"] in kinds]
    return {one["metadata"]["labels"]["app.kubernetes.io/component"]: one["spec"] for one in templates}
