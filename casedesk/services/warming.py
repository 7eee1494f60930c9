"""Load what the rules will run over before anything comes that they have to look at."""

from __future__ import annotations

from collections.abc import Sequence

from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.domain.people import Action, Person, require
from casedesk.services import rules_in_force
from casedesk.services.known_findings import KnownFindings
from casedesk.services.run_records import read_data
from casedesk.services.touched import stood
from casedesk.services.warm import Warm
from casedesk.store.unit_of_work import Reading


def load(
    *,
    look: Reading,
    actor: Person,
    base_currency: str,
    warm: Warm,
    rules: Sequence[Rule] | None = None,
    limits: Limits | None = None,
) -> None:
    """Load everything that is stored, if a run was stored that the next one can be built upon, and what it found. Nothing is stored.

    :param rules: None for those in force.
    :param limits: those of the runs to come.
    :raises UnfitSource: as the run would.
    """
    require(actor, Action.DETECT)
    with warm.running(), look:
        if look.runs.last() is not None:
            rules = rules_in_force.in_force(look).rules if rules is None else rules
            data = read_data(look, rules, base_currency, None, full=False, limits=limits or Limits(), warm=warm)
            if data.kept is not None and data.base is not None:
                found = KnownFindings(look.runs.standing())
                held = look.run_data.held_otherwise((), {rule.name for rule in rules})
                data.kept.look_back(rules, [*found.stood(), *map(stood, held)])
                warm.note(data.base.run_id, found)
