"""What the parser cannot read is refused like anything else: in a sentence that names the word, its value and the way out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

import typer
from typer._click.exceptions import (  # no public names; Typer would show them in a form of its own
    BadOptionUsage,
    BadParameter,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)

from casedesk.cli.printing import remark

#: What a parameter takes. Every other type takes any text, and the command judges it.
_KINDS: Final[Mapping[Any, str]] = {int: "a whole number", bool: "no value"}
#: What the parser tells by its words alone, and how the desk says it.
_SAID: Final = (
    (
        re.compile(r"No such command '(.*)'\. Did you mean '(.*)'\?$", re.DOTALL),
        "has no command “{0}”; did you mean {1}?",
    ),
    (re.compile(r"No such command '(.*)'\.$", re.DOTALL), "has no command “{0}”; choose one of those it lists."),
    (re.compile(r"Got unexpected extra argument\(s\) \((.*)\)$", re.DOTALL), "takes no further word; leave “{0}” out."),
)
#: So much of what was given is repeated.
_SHOWN: Final = 40


def explain(misread: typer.TyperException) -> None:
    """Say on standard error what could not be read; the help, where a group of commands was given no word."""
    if isinstance(misread, NoArgsIsHelpError):
        remark(misread.format_message())
        return
    context = misread.ctx if isinstance(misread, UsageError) else None
    command = context.command_path if context else "casedesk"
    remark(f"{_sentence(misread, command)} For what it takes: {command} --help")


def _sentence(misread: typer.TyperException, command: str) -> str:
    if isinstance(misread, NoSuchOption):
        (near,) = get_close_matches(misread.option_name, misread.possibilities or (), n=1) or [""]
        way_out = f"did you mean {near}?" if near else "leave it out."
        return f"“{command}” has no option “{misread.option_name}”; {way_out}"
    if isinstance(misread, BadOptionUsage):
        takes_none = "does not take" in misread.message
        return (
            f"{misread.option_name} takes {'no value; leave it out' if takes_none else 'a value; write it after it'}."
        )
    if isinstance(misread, MissingParameter):
        return f"“{command}” needs {_name(misread.param)}, and none was given."
    if isinstance(misread, BadParameter):
        return f"{_name(misread.param)} cannot be “{_given(misread)}”; give {_wanted(misread.param)}."
    said = misread.format_message()
    for pattern, ours in _SAID:
        if found := pattern.match(said):
            return f"“{command}” {ours.format(*found.groups())}"
    return f"“{command}”: {said}"


def _name(parameter: Any) -> str:
    """Return a parameter's name as its help writes it."""
    if parameter.param_type_name == "option":
        return str(parameter.opts[0])
    return str(parameter.metavar or parameter.name.upper())


def _given(misread: BadParameter) -> str:
    errors: list[Any] = getattr(misread.__cause__, "errors", list)()
    given = str(errors[0]["input"]) if errors else ""
    return given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"


def _wanted(parameter: Any) -> str:
    described = parameter.type_descriptor
    kind = _KINDS.get(described.annotation, "another value")
    least, most = described.parameter_info.min, described.parameter_info.max
    if least is None:
        return kind
    return f"{kind} from {least:,} {'up' if most is None else f'to {most:,}'}"
