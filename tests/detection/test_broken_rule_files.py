"""A rule's file that cannot be used is refused with its name, the line and the way out."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.detection import rule_files
from casedesk.detection.rules import RULES
from casedesk.detection.rules.geography import Geography

ROOT = Path(__file__).resolve().parents[2]
WHOLE = (Path(rule_files.__file__).parent / "rules" / "geography.py").read_text(encoding="utf-8")


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Read the geography rule with some words changed as the library would; return the refusal and the line it names."""
    monkeypatch.setattr(rule_files, "_FOLDER", tmp_path)

    def reading(old: str, new: str) -> str:
        path = tmp_path / "changed.py"
        assert WHOLE.count(old) == 1
        path.write_text(WHOLE.replace(old, new), encoding="utf-8")
        spec = importlib.util.spec_from_file_location("changed", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "changed", module)
        with pytest.raises(rule_files.BrokenRuleFile) as refusal, rule_files.rule_files():
            spec.loader.exec_module(module)
            rule_files.assembled(module.Geography)
        return str(refusal.value)

    return reading


def line_of(words: str) -> int:
    return WHOLE[: WHOLE.index(words)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("leg in episode})", "leg in episode)", "leg in episode})", "this is no Python (closing parenthesis ')' does not"),
        ("legs import Views", "lgs import Views", "legs import", "this imports what is not there (No module named "),
        ("import Views", "import Vews", "legs import", "this imports what is not there (cannot import name 'Vews'"),
        ("Rule, Span", "Rule, Spam", "Rule, Span", "this imports what is not there (cannot import name 'Spam'"),
        ("class Geography(", "class Geography(Ruled, ", "class Geography(", "this cannot be used (NameError: name 'Ruled'"),
        ('unit="distinct countries", ', "", "countries: int", "(TypeError: parameter() missing 1 required keyword-only"),
        ("        3, ge=2", "        1, ge=2", "@dataclass", "Geography cannot be made (countries cannot be 1, input should be"),
        ("        3, ge=2", "        'x', ge=2", "@dataclass", "Geography cannot be made (countries cannot be 'x', input should"),
        ("def explain(", "def explains(", "@dataclass", "Geography cannot be made (Can't instantiate abstract class Geography"),
        ("title: ClassVar[str] = ", "tilte: ClassVar[str] = ", "@dataclass", "Geography has no title to read ("),
        ('[str] = "1"', "[str] = 1", "@dataclass", "Geography has a version that cannot be 1; write version: ClassVar[str]"),
        ("reach = Reach.ACCOUNT", "reach = 'account'", "@dataclass", "Geography has a reach that cannot be 'account'; write"),
        ("self.parameters.window_minutes * MINUTE", "self.window", "@dataclass", "Geography has no span to read ("),
        ('= "geography"', '= "geo.graphy"', "@dataclass", "Geography has the name “geo.graphy”; write it with letters"),
        ("window_minutes: int = parameter(\n        30,", "window_minutes: float = parameter(\n        30,", "class GeographyParameters", "has “window_minutes” with the value 30.0; make it a whole number"),
        ('rule."""\n', 'rule."""\n    more: int = 3\n', "class GeographyParameters", "GeographyParameters has “more” without unit,"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_line_and_way_out(
    read: Callable[[str, str], str], tmp_path: Path, old: str, new: str, at: str, said: str
) -> None:
    told = read(old, new)
    assert told.startswith(f"{tmp_path}/changed.py, line {line_of(at)}: ")
    assert said in told
    assert told.endswith("; until then no rule runs. Nothing was stored.")


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(rule_files.BrokenRuleFile) as refusal:
        rule_files.assembled(Geography, Geography)
    assert str(refusal.value).startswith("casedesk/detection/rules/geography.py, line ")
    assert "Geography has the name “geography” of another rule, Geography; give one of the two its own. Mend" in str(
        refusal.value
    )


def test_the_library_is_whole_and_a_fault_elsewhere_is_not_a_rules() -> None:
    assert rule_files.assembled(*(type(rule) for rule in RULES)) == RULES
    with pytest.raises(KeyboardInterrupt), rule_files.rule_files():
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            "rules/geography.py",
            "casedesk/detection/rules/geography.py, line 1: this is no Python (invalid syntax). Mend it, or",
        ),
        (
            "rules/__init__.py",
            "casedesk/detection/rules/__init__.py, line 1: this is no Python (invalid syntax). Mend it;",
        ),
    ],
)
def test_the_command_line_says_it_in_one_sentence(tmp_path: Path, file: str, said: str) -> None:
    shutil.copytree(ROOT / "casedesk", tmp_path / "casedesk", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "casedesk" / "detection" / file
    path.write_text("from from\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    words = [sys.executable, "-m", "casedesk", "detect", "--source", "nowhere", "--dry-run"]
    told = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.removeprefix(f"{tmp_path}/").startswith(said)
    assert told.stderr.count("\n") == 1
