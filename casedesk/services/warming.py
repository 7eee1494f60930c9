"""Load what the rules will run over before anything comes that they have to look at."""

from __future__ import annotations

from collections.abc import Sequence

from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.domain.people import Action, Person, require
from casedesk.services import rules_in_force
from casedesk.services.run_records import read_data
from casedesk.services.warm import Warm
from casedesk.store.unit_of_work import Reading


def load(
    *, look: Reading, actor: Person, base_currency: str, warm: Warm, rules: Sequence[Rule] | None = None
) -> None:  # fmt: skip
    """Load everything that is stored, if a run was stored that the next one can be built upon. Nothing is stored.

    :param rules: None for those in force.
    :raises UnfitSource: as the run would.
    """
    require(actor, Action.DETECT)
    with warm.running(), look:
        if look.runs.last() is not None:
            rules = rules_in_force.in_force(look).rules if rules is None else rules
            read_data(look, rules, base_currency, None, full=False, limits=Limits(), warm=warm)
