"""The frame's files: locks that know no host, contracts that stand, ignores that have a reason."""

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock", "deploy/requirements.lock")


def pins(root: Path, lock: str) -> set[str]:
    return {line.rstrip(" \\") for line in (root / lock).read_text(encoding="utf-8").splitlines() if "==" in line}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(root: Path, lock: str):
    pin = re.compile(r"[a-z0-9.-]+==[A-Za-z0-9.+!]+( ; [a-z_ ='<>!.0-9A-Z]+)? \\")
    hashed = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    lines = (root / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not pin.fullmatch(line) and not hashed.fullmatch(line)] == []


def test_the_development_lock_has_every_pin_of_the_runtime_lock(root: Path):
    assert pins(root, LOCKS[0])
    assert pins(root, LOCKS[0]) - pins(root, LOCKS[1]) == set()


def test_every_dependency_of_the_project_is_pinned(root: Path):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    names = {re.match(r"[A-Za-z0-9_.-]+", need)[0].lower() for need in project["project"]["dependencies"]}
    names |= {re.match(r"[a-z]+", need)[0] for need in project["build-system"]["requires"]}
    assert names - {pin.partition("==")[0] for pin in pins(root, LOCKS[0])} == set()


def test_every_lint_ignore_and_every_mypy_override_has_its_reason(root: Path):
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("ignore = [")
    rules = lines[start + 1 : lines.index("]", start)]
    start = lines.index("[tool.ruff.lint.per-file-ignores]")
    by_file = [line for line in lines[start + 1 : lines.index("", start)] if re.search(r'"[A-Z]+[0-9]*"', line)]
    assert len(rules) > 5
    assert len(by_file) > 5
    assert [line for line in (*rules, *by_file) if "#" not in line] == []
    overrides = [number for number, line in enumerate(lines) if line == "[[tool.mypy.overrides]]"]
    assert overrides
    assert [number for number in overrides if not lines[number + 1].startswith("#")] == []


@pytest.mark.parametrize("folder", ["casedesk", "app", "seeds", "migrations", "benchmarks", "scripts"])
def test_every_silenced_finding_in_the_code_names_its_rule_and_its_reason(root: Path, folder: str):
    silenced = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in (root / folder).rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# (noqa|type: ignore)", line)
        and not re.search(r"# (noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\])\s+#? ?\S", line)
    ]
    assert silenced == []


def test_the_checks_know_every_room_of_the_package(root: Path):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    contracts = {contract["id"]: contract for contract in tomllib.loads(text)["tool"]["importlinter"]["contracts"]}
    floors = re.findall(r"[a-z_.]+", " ".join(contracts["floors"]["layers"]))
    rooms = {
        f"casedesk.{path.stem}"
        for path in (root / "casedesk").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"casedesk.__init__", "casedesk.__main__"}
    assert rooms - set(floors) == set()
