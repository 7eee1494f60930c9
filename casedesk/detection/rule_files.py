"""A rule's file that cannot be used is refused by file and line: whoever adds a rule need read no traceback."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import Any, Final

from pydantic import ValidationError

from casedesk.detection.parameters import RuleParameters
from casedesk.detection.rule import FAULTS, Reach, Rule, Span
from casedesk.errors import Invalid

_ROOT: Final = Path(__file__).resolve().parents[2]
_FOLDER: Final = Path(__file__).resolve().parent / "rules"
#: What every rule says of itself: the type, and how to write it.
_MEMBERS: Final[dict[str, tuple[Any, str]]] = {
    "name": (str, 'name: ClassVar[str] = "..."'),
    "version": (str, 'version: ClassVar[str] = "1"'),
    "title": (str, 'title: ClassVar[str] = "..."'),
    "reach": (Reach, "reach = Reach.GRAPH, or leave it out"),
    "parameters": (RuleParameters, "parameters: P = field(default_factory=P), P its class of RuleParameters"),
    "span": (Span | None, "a property that returns a Span, or leave it out"),
}


class BrokenRuleFile(Invalid):
    """The file of a rule cannot be read, or its rule lacks something."""

    def __init__(self, file: Path, line: int | None, said: str) -> None:
        where = f", line {line}" if line else ""
        super().__init__(
            f"{_shown(file)}{where}: {said} Mend it, or take the rule out of {_shown(_FOLDER / '__init__.py')}; until then no "
            "rule runs. Nothing was stored."
        )


@contextmanager
def rule_files() -> Iterator[None]:
    """Read the files of rules.

    :raises BrokenRuleFile: naming file and line of the first that cannot be read.
    """
    try:
        yield
    except SyntaxError as error:
        said = f"this is no Python ({_plain(error)})."
        raise BrokenRuleFile(Path(error.filename or _FOLDER), error.lineno, said) from error
    except ImportError as error:
        raise BrokenRuleFile(*_place(error), f"this imports what is not there ({_plain(error)}).") from error
    except FAULTS as error:
        raise BrokenRuleFile(
            *_place(error), f"this cannot be used ({type(error).__name__}: {_plain(error)})."
        ) from error


def assembled(*makers: Callable[[], Rule]) -> tuple[Rule, ...]:
    """Make each rule with its default parameters, in this order, and see that it is whole.

    :raises BrokenRuleFile: naming the file of the first that is not, and what it lacks.
    """
    rules: dict[str, Rule] = {}
    for maker in makers:
        rule = _whole(maker)
        if rule.name in rules:
            other = type(rules[rule.name]).__name__
            raise _unfit(maker, f"has the name “{rule.name}” of another rule, {other}; give one of the two its own.")
        rules[rule.name] = rule
    return tuple(rules.values())


def _whole(maker: Callable[[], Rule]) -> Rule:
    try:
        rule = maker()
    except FAULTS as error:
        raise _unfit(maker, f"cannot be made ({_plain(error)}).") from error
    for member, (kind, form) in _MEMBERS.items():
        try:
            value = getattr(rule, member)
        except FAULTS as error:
            raise _unfit(maker, f"has no {member} to read ({_plain(error)}); write {form}.") from error
        if not isinstance(value, kind) or value == "":
            raise _unfit(maker, f"has a {member} that cannot be {value!r}; write {form}.")
    if not rule.name.isidentifier():
        raise _unfit(
            maker,
            f"has the name “{rule.name}”; write it with letters, digits and “_”, as --param RULE.NAME=VALUE has it.",
        )
    if name := rule.parameters.undeclared():
        raise _unfit(
            type(rule.parameters), f"has “{name}” without unit, reason and source; declare it with parameter(...)."
        )
    if name := rule.parameters.inexact():
        raise _unfit(
            type(rule.parameters),
            f"has “{name}” with the value {getattr(rule.parameters, name)!r}; make it a whole number (of a smaller unit), a word "
            "or a set of words.",
        )
    return rule


def _unfit(owner: Callable[..., Any], said: str) -> BrokenRuleFile:
    name = getattr(owner, "__name__", str(owner))
    try:
        file, line = inspect.getsourcefile(owner), inspect.getsourcelines(owner)[1]
    except (OSError, TypeError):  # not a class that a file holds
        file, line = None, None
    return BrokenRuleFile(Path(file) if file else _FOLDER / "__init__.py", line, f"{name} {said}")


def _place(error: BaseException) -> tuple[Path, int | None]:
    """Find the last line of a rule's file that led to the error; that of the library's list, where none did."""
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    return next((place for place in reversed(frames) if place[0].parent == _FOLDER), (_FOLDER / "__init__.py", None))


def _plain(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        said = f"{'.'.join(map(str, first['loc']))} cannot be {first['input']!r}, {first['msg'].lower()}"
    return " ".join(said.split()).rstrip(".")[:200]


def _shown(file: Path) -> str:
    return file.relative_to(_ROOT).as_posix() if file.is_relative_to(_ROOT) else str(file)
