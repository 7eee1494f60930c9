"""The rules that run: those of the rule set in force, or as shipped while none was put in force.

A set pins every value it was approved with. What a newer desk brings is not silently left out, and not silently taken for
approved either: a rule the set does not know runs as shipped, and ``adrift`` says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from casedesk.detection.parameters import BadParameter, canonical_json, rule_set_hash
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES, UnknownRule
from casedesk.domain.people import Action, Person, require
from casedesk.domain.rule_sets import FORMAT, IN_FORCE, SHIPPED, Pinned, RuleSet
from casedesk.errors import Conflict, Invalid
from casedesk.services.rule_titles import title
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "AnotherRuleSet", "Effective", "NotInForce", "SwitchedOff", "changed_by", "chosen", "effective", "in_force", "named", "narrowed",
    "require_in_force", "rules_for", "shown",
]  # fmt: skip


class AnotherRuleSet(Conflict):
    """Another rule set was put in force since the rules were read."""

    def __init__(self) -> None:
        super().__init__("Another rule set was put in force in the meantime; nothing was stored. Start it again.")


class NotInForce(Invalid):
    """Alerts would be stored that the rules in force do not raise."""


class SwitchedOff(Invalid):
    """The rule does not run."""

    def __init__(self, name: str, rule_set_id: str) -> None:
        super().__init__(
            f"Rule “{title(name)}” is switched off in {rule_set_id}; propose it with: casedesk rules propose --on {name}."
        )


@dataclass(frozen=True, slots=True)
class Effective:
    """The rules of one set as this desk runs them. ``rule_set_id`` is empty for the rules as shipped.

    ``off`` are rules of the library that do not run. ``adrift`` says, a sentence each, where this desk cannot run what
    was approved because it is newer.
    """

    rule_set_id: str
    rules: tuple[Rule, ...]
    off: tuple[str, ...] = ()
    adrift: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.rule_set_id or "the rules as shipped"

    @property
    def hash(self) -> str:
        return rule_set_hash(self.rules)

    def find(self, name: str) -> Rule | None:
        """Return a rule that runs."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def content(self) -> str:
        """Write the set as canonical JSON: every rule with every value, and what is switched off."""
        rules = {rule.name: {"version": rule.version, "parameters": rule.parameters.values()} for rule in self.rules}
        return canonical_json({"format": FORMAT, "off": sorted(self.off), "rules": rules})


def in_force(look: Reading | Writing, library: Sequence[Rule] = RULES) -> Effective:
    """Return the rules in force, within an open unit of work."""
    stored = look.rule_sets.in_force()
    return Effective("", tuple(library)) if stored is None else effective(stored, library)


def named(look: Reading | Writing, rule_set_id: str, library: Sequence[Rule] = RULES) -> Effective:
    """Return the rules of a set by its id; ``shipped`` for those as shipped, empty or ``in-force`` for those in force.

    :raises NoSuchRuleSet: if there is none.
    """
    if rule_set_id.casefold() in ("", IN_FORCE):
        return in_force(look, library)
    if rule_set_id.casefold() == SHIPPED:
        return Effective("", tuple(library))
    return effective(look.rule_sets.get(rule_set_id), library)


def effective(stored: RuleSet, library: Sequence[Rule] = RULES) -> Effective:
    """Build the rules of a stored set."""
    pinned, off = stored.rules(), stored.off()
    rules: list[Rule] = []
    adrift: list[str] = []
    for rule in library:
        if rule.name in off:
            continue
        if rule.name not in pinned:
            adrift.append(f"Rule “{rule.title}” came with a newer desk; it runs as shipped.")
            rules.append(rule)
            continue
        built, said = _built(rule, pinned[rule.name])
        rules.append(built)
        adrift += said
    known = {rule.name for rule in library}
    adrift += [f"There is no rule “{title(name)}” any more; it does not run." for name in sorted(pinned.keys() - known)]
    return Effective(stored.rule_set_id, tuple(rules), tuple(name for name in off if name in known), tuple(adrift))


def _built(rule: Rule, pinned: Pinned) -> tuple[Rule, list[str]]:
    """Give a rule the values it was approved with; say where it cannot take them."""
    said = []
    if rule.version != pinned.version:
        said.append(f"Rule “{rule.title}” is version {rule.version} now and was {pinned.version} when it was approved.")
    known = rule.parameters.values().keys()
    said += [
        f"Rule “{rule.title}” has no parameter “{name}” any more."
        for name in sorted(pinned.parameters.keys() - known)
    ]  # fmt: skip
    said += [
        f"Parameter “{name}” of rule “{rule.title}” came with a newer desk; it is as shipped."
        for name in sorted(known - pinned.parameters.keys())
    ]  # fmt: skip
    try:
        kept = {name: value for name, value in pinned.parameters.items() if name in known}
        return rule.with_values(kept), said
    except BadParameter as error:
        return rule, [
            *said,
            f"Rule “{rule.title}” does not take its approved values any more and runs as shipped. {error}",
        ]


def changed_by(
    base: Effective,
    changes: Mapping[str, Mapping[str, object]],
    *,
    off: Collection[str] = (),
    on: Collection[str] = (),
    library: Sequence[Rule] = RULES,
) -> Effective:
    """Return the set with other values, and with rules switched off and on. Who is switched on starts as shipped.

    :raises UnknownRule: if a name is no rule's.
    :raises SwitchedOff: if values are given for a rule that does not run.
    :raises BadParameter: if a rule cannot take a value.
    """
    known = {rule.name: rule for rule in library}
    for name in (*changes, *off, *on):
        if name not in known:
            raise UnknownRule(name)
    both = sorted(set(off) & {*on, *changes})
    if both:
        raise Invalid(
            f"Rule “{title(both[0])}” is to be switched off, and yet something else is asked of it; choose one."
        )
    running = [rule.name for rule in base.rules]
    for name in changes:
        if name not in running and name not in on:
            raise SwitchedOff(name, base.name)
    rules = tuple(
        (base.find(rule.name) or rule).with_values(changes.get(rule.name, {}))
        for rule in library
        if (rule.name in running or rule.name in on) and rule.name not in off
    )
    left = {rule.name for rule in rules}
    return Effective(base.rule_set_id, rules, tuple(name for name in known if name not in left))


def narrowed(base: Effective, only: Collection[str], library: Sequence[Rule] = RULES) -> tuple[Rule, ...]:
    """Return the rules of a set, or only those named.

    :raises UnknownRule: if a name is no rule's.
    :raises SwitchedOff: if it is one that does not run.
    """
    for name in only:
        if name not in {rule.name for rule in library}:
            raise UnknownRule(name)
        if base.find(name) is None:
            raise SwitchedOff(name, base.name)
    return tuple(rule for rule in base.rules if not only or rule.name in only)


def chosen(base: Effective, changes: Mapping[str, Mapping[str, object]], only: Collection[str] = ()) -> Effective:
    """Return a set with some other values, or of it only the rules named.

    :raises UnknownRule: if a name is no rule's.
    :raises SwitchedOff: if it is one that does not run.
    :raises BadParameter: if a rule cannot take a value.
    """
    changed = changed_by(base, changes)
    return replace(changed, rules=narrowed(changed, only), adrift=base.adrift)


def rules_for(
    *,
    look: Reading,
    actor: Person,
    changes: Mapping[str, Mapping[str, object]],
    only: Collection[str] = (),
    rule_set: str = IN_FORCE,
) -> Effective:
    """Return the rules of a set of this desk with some other values, for a run that stores nothing.

    :param rule_set: ``in-force``, ``shipped``, or the id of a set.
    :raises NoSuchRuleSet: if there is none.
    :raises UnknownRule: if a name is no rule's.
    :raises SwitchedOff: if it is one that does not run.
    :raises BadParameter: if a rule cannot take a value.
    """
    require(actor, Action.DETECT)
    with look:
        base = named(look, rule_set)
    return chosen(base, changes, only)


def require_in_force(*, look: Reading, actor: Person, changes: Mapping[str, Mapping[str, object]]) -> None:
    """Refuse values that are not those in force, before alerts are stored under them.

    :raises NotInForce: naming the first such value, the one in force, and the two ways on.
    """
    require(actor, Action.DETECT)
    with look:
        base = in_force(look)
    for rule in changed_by(base, changes).rules:
        running = base.find(rule.name)
        now = running.parameters.values() if running else {}
        for name, value in rule.parameters.values().items():
            if now.get(name) != value:
                raise NotInForce(
                    f"{rule.name}.{name} is {shown(now.get(name))} in force, not {shown(value)}, so nothing was stored. "
                    "Add --dry-run to see what it would find, or propose it: casedesk rules propose "
                    f"--param {rule.name}.{name}={shown(value)} --reason TEXT --as USER."
                )


def shown(value: object) -> str:
    """Write a value as the command line takes it; a set as its words, separated by commas."""
    return ",".join(sorted(map(str, value))) if isinstance(value, (list, tuple, frozenset, set)) else str(value)
