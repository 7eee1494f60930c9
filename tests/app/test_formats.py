"""How values are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.ui import allowed, event_words, filters, flash, formats
from casedesk.detection.rules import RULES
from casedesk.domain.alerts import Risk
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.events import KINDS
from casedesk.domain.people import Action
from casedesk.domain.verification import Verdict
from casedesk.services.casefile import Change
from casedesk.services.queue import Sort, View

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def test_every_value_has_its_badge_and_no_two_of_a_kind_look_alike() -> None:
    for kind in (Risk, Stage, Disposition, Verdict):
        badges = [formats.BADGES[value] for value in kind]
        assert len({badge.word for badge in badges}) == len(badges)
        assert len({badge.chip for badge in badges}) == len(badges)
        assert all(badge.icon and badge.glyph and badge.color in formats.FILLS for badge in badges)


def test_every_kind_of_event_has_a_predicate_for_conflicts() -> None:
    told = flash._DID.keys() | flash._DECIDED.keys()
    changing = {kind.title for kind in KINDS.values() if kind.changes and kind.touches}
    assert changing - told - {"Case opened"} == set()


def test_every_view_sort_and_action_has_its_words() -> None:
    assert {filters.view_name(view, 7) for view in View} >= {"Due in 7 days", "Mine"}
    assert set(filters._SORTS) == set(Sort)
    assert {Action.APPROVE, Action.REOPEN, Action.SET_DISPOSITION} <= set(allowed._NOT_NOW)
    assert all(event_words.title(action) != action for action in KINDS)


@pytest.mark.parametrize(
    ("left", "word", "glyph", "color"),
    [
        (timedelta(hours=6, minutes=59), "6 h", "◷", "orange"),
        (timedelta(days=6, hours=23), "6 d", "◷", "orange"),
        (timedelta(days=12, hours=1), "12 d", "○", "gray"),
        (timedelta(seconds=-1), "1 s over", "!", "red"),
        (timedelta(days=-3, hours=-1), "3 d over", "!", "red"),
    ],
)
def test_a_due_date_says_how_long_is_left(left: timedelta, word: str, glyph: str, color: str) -> None:
    badge = formats.due(NOW + left, NOW)
    assert (badge.word, badge.glyph, badge.color) == (word, glyph, color)


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(seconds=40), "40 s"), (timedelta(minutes=6), "6 min"), (timedelta(hours=3), "3 h"),
     (timedelta(days=26), "26 d"), (timedelta(days=-1), "0 s")],
)  # fmt: skip
def test_an_age_has_one_unit(length: timedelta, words: str) -> None:
    assert formats.age(length) == words


def test_a_duration_has_two_units() -> None:
    assert formats.span(timedelta(days=4, hours=6, minutes=50)) == "4 d 6 h"
    assert formats.span(timedelta(days=4)) == "4 d"
    assert formats.span(timedelta(minutes=20)) == "20 min"


def test_a_conflict_names_a_decision_only_to_those_who_may_know_of_it() -> None:
    change = Change(24, "luis", "Decision made", "2026-11-21T07:59:20.000000Z")
    refused = flash.Refused("stale", (change,), NOW)
    names = {"luis": "Luis Ferreira"}
    told = flash.conflict(refused, names, disclosed=True, kept="Your text is kept")
    untold = flash.conflict(refused, names, disclosed=False, kept="Your text is kept")
    assert told.startswith("Not saved. **Luis Ferreira** decided this case 40 s ago (event 24).")
    assert untold.startswith("Not saved. **Luis Ferreira** changed this case 40 s ago (event 24).")


def test_money_and_dates_are_written_one_way() -> None:
    assert formats.money(48_691_240, "USD") == "USD 486,912.40"
    assert formats.money(5, "JPY") == "JPY 5"
    assert formats.units(123, "BHD") == 0.123
    assert formats.moment(NOW) == "21 Nov 2026 08:00 UTC"


def test_text_of_others_loses_its_markup() -> None:
    assert formats.plain("a *b* [c](d) $1 :red[x]\n# h") == ("a \\*b\\* \\[c\\]\\(d\\) \\$1 \\:red\\[x\\] \\# h")


def test_a_long_name_is_cut_with_an_ellipsis() -> None:
    assert formats.clip("Northgate Currency", 10) == "Northgate…"
    assert formats.clip("Short", 10) == "Short"


def test_a_rule_is_written_by_its_title_and_one_the_desk_lacks_in_words() -> None:
    assert {rule.name: formats.rule(rule.name) for rule in RULES} == {rule.name: rule.title for rule in RULES}
    assert formats.rule("fan_in") == "Fan-in"
    assert formats.rule("smurfing_over_ATMs") == "Smurfing over ATMs"
    assert formats.rule("") == ""
