"""Thresholds of several rules, collected for one proposal: each was tried, and each can be taken out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import streamlit as st

from app.ui import flash, formats, lab_form, rule_set_list, session
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, may
from casedesk.services import rule_sets
from casedesk.services.lab import Trial

SCOPE: Final = "proposal_basket"
REASON: Final = "rule_reason_several"
_HELD: Final = "proposal_collected"


@dataclass(frozen=True, slots=True)
class Collected:
    """What is to change of one rule, in words too; ``seen_hash`` is the rule set it was tried against."""

    rule: str
    values: Mapping[str, Any]
    said: str
    seen_hash: str


def collected(trial: Trial, values: Mapping[str, Any], currency: str) -> Collected:
    """Return what a trial would change."""
    said = "; ".join(lab_form.moved(one, currency) for one in trial.moved)
    return Collected(
        trial.rule, {m.parameter.name: values[m.parameter.name] for m in trial.moved}, said, trial.base_hash
    )


def held() -> dict[str, Collected]:
    """Return what was collected in this session, by rule, in the order in which it was."""
    return cast("dict[str, Collected]", session.value(_HELD, {}))


def add(one: Collected) -> None:
    """Take a rule's thresholds in, in place of what was collected of it before. For callbacks."""
    session.put(_HELD, {name: kept for name, kept in held().items() if name != one.rule} | {one.rule: one})


def show() -> None:
    """Draw what was collected, and the form that proposes it; nothing while there is none."""
    found = held()
    if not found or not may(session.actor().role, Action.PROPOSE_RULES):
        return
    with st.container(border=True, gap="xsmall", key="proposal_basket"):
        st.markdown(f"**To be proposed together** :gray[{_rules(len(found))}]")
        flash.show(SCOPE)
        for one in found.values():
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown(f"**{formats.plain(formats.rule(one.rule))}** {formats.small(formats.plain(one.said))}")
                st.button("Remove", key=session.key("proposal_remove", one.rule), type="tertiary",
                          icon=":material/close:", help=f"Leave {formats.plain(formats.rule(one.rule))} as it is in force.",
                          on_click=_remove, args=(one.rule,))  # fmt: skip
        st.text_area("Reason", key=REASON, height=90, persist_state="session",
                     placeholder="What the figures show, and why the other values are better.")  # fmt: skip
        waits = waiting()
        st.button(f"Propose {_rules(len(found))}", key="proposal_send", icon=":material/send:", disabled=bool(waits),
                  help=waits or None, on_click=_propose, args=(tuple(found.values()),))  # fmt: skip
        st.markdown(
            formats.small("They run once more, and the evidence is frozen. Another manager decides on all of them.")
        )


def waiting() -> str:
    """Say which proposal waits, so that no other can be made; empty if none does."""
    desk, actor = session.desk(), session.actor()
    found = session.memo("rule_sets", lambda: rule_sets.overview(look=desk.reading(), actor=actor))
    if found.waiting is None:
        return ""
    return f"{found.waiting.rule_set_id} waits to be decided; one rule set is proposed at a time."


def _rules(count: int) -> str:
    return counted(count, "rule")


def _remove(rule: str) -> None:
    session.flashes().pop(SCOPE, None)
    session.put(_HELD, {name: kept for name, kept in held().items() if name != rule})


def _propose(drawn: tuple[Collected, ...]) -> None:
    done = flash.attempt(
        SCOPE,
        lambda: rule_sets.propose(
            look=session.desk().reading(), uow=session.desk().writing(), actor=session.actor(), at=session.now(),
            base_currency=session.currency(), reason=session.take(REASON),
            changes={one.rule: one.values for one in drawn},
            # the oldest: had another set come into force since, the first of them was tried against other rules
            seen_hash=drawn[0].seen_hash,
        ),
        clears=(REASON, _HELD),
    )  # fmt: skip
    if done is not None:
        session.put("lab_view", rule_set_list.TITLE)
