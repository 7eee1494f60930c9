"""The verifier against forgeries, and its own checks, each left out in turn: one that is gone must be missed."""

from __future__ import annotations

import ast
import copy
import sys
from functools import cache
from types import CodeType, ModuleType
from typing import Any

import pytest

from casedesk.exports.verifier import verify
from tests.exports.forgeries import FORGERIES, OF_ADVICE
from tests.exports.packets import TRUSTED, VERIFIER, verdicts

#: Checks of the archive's bytes and of keys; ``test_packet`` tries those byte by byte and key by key.
ELSEWHERE = ("check_container", "check_files", "check_checkpoint", "check_seal", "read_checkpoint", "read_signatures")


def refused(module: ModuleType, content: bytes) -> bool:
    try:
        return bool(module.overall(module.verify(content, TRUSTED)) == "TAMPERED")
    except module.Unreadable:
        return True


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_refused(whole: bytes, redacted: bytes, what: str) -> None:
    forged = FORGERIES[what](whole, redacted)
    assert forged not in (whole, redacted)
    assert refused(verify, forged)


@pytest.mark.parametrize("what", OF_ADVICE)
def test_forged_advice_is_refused_by_the_claim_that_is_about_it(advised: bytes, what: str) -> None:
    assert verdicts(advised)["advice"] == "VERIFIED"
    forged = OF_ADVICE[what](advised, b"")
    assert forged != advised
    assert verdicts(forged)["advice"] == "TAMPERED"


def test_what_is_rewritten_without_a_change_is_accepted(whole: bytes) -> None:
    """The forgers' tools leave a packet that verifies: what is refused above is refused for what was changed."""
    from tests.exports.forging import _purged, _report_purged
    from tests.exports.packets import edited, reforged

    assert not refused(verify, edited(whole, "events", lambda found: None))
    assert not refused(verify, reforged(whole, lambda bodies: None))
    assert not refused(verify, reforged(whole, lambda bodies: None, relink=True))
    assert not refused(verify, _purged(whole))
    assert not refused(verify, _report_purged(whole))


def checks(tree: ast.Module) -> list[tuple[str, int, int, str]]:
    """Name each statement that can refuse something: its function, its lines, and its text."""
    found = []
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name in ("same", *ELSEWHERE):
            continue
        for node in ast.walk(function):
            asks = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            asks = asks and getattr(node.value.func, "id", "") in ("same", "_one_episode")  # type: ignore[attr-defined]
            if asks or (isinstance(node, ast.Raise) and "Wrong(" in ast.unparse(node)):
                found.append((function.name, node.lineno, node.end_lineno or 0, ast.unparse(node)))
    return found


@cache
def compiled(statement: ast.stmt) -> CodeType:
    return compile(ast.Module([statement], []), "mutant", "exec")


def without(tree: ast.Module, line: int) -> ModuleType:
    """Make the verifier without one of its checks."""

    class Leave(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if isinstance(node, ast.Expr | ast.Raise) and node.lineno == line:
                return ast.copy_location(ast.Pass(), node)
            return self.generic_visit(node)

    mutant = ModuleType("mutant")
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.lineno <= line <= (statement.end_lineno or 0):
            statement = ast.fix_missing_locations(Leave().visit(copy.deepcopy(statement)))
        exec(compiled(statement), mutant.__dict__)
    mutant.__dict__["ed25519_valid"] = lambda *_: True  # signatures are not what is tried here, and take longest
    return mutant


def lines_that_refuse(content: bytes, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Return on which lines of the verifier a packet is refused."""
    lines = set()
    real = verify.Wrong.__init__

    def noted(self: Any, *args: Any) -> None:
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == str(VERIFIER) and frame.f_code.co_name != "same":
                lines.add(frame.f_lineno)
            frame = frame.f_back
        real(self, *args)

    monkeypatch.setattr(verify.Wrong, "__init__", noted)
    refused(verify, content)
    monkeypatch.undo()
    return lines


def test_at_least_95_percent_of_the_checks_are_missed_when_they_are_gone(
    whole: bytes, redacted: bytes, advised: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    forged = [forge(whole, redacted) for forge in FORGERIES.values()]
    forged += [forge(advised, redacted) for forge in OF_ADVICE.values()]
    refusing = [(content, lines_that_refuse(content, monkeypatch)) for content in forged]
    fewest = sorted(refusing, key=lambda one: len(one[1]))  # what one check alone refuses passes without it at once
    all_checks = checks(tree)
    survivors = []
    for function, first, last, text in all_checks:
        caught = [content for content, lines in fewest if lines & set(range(first, last + 1))]
        mutant = without(tree, first)
        if all(refused(mutant, content) for content in caught):
            survivors.append(f"{function}, line {first}: {text}")
    assert len(all_checks) > 55
    assert len(survivors) <= len(all_checks) * 0.05, f"{len(survivors)} of {len(all_checks)}:\n" + "\n".join(survivors)
