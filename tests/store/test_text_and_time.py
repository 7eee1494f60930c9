from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain import events
from casedesk.domain.moments import canonical
from casedesk.domain.transactions import Customer, CustomerKind
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, open_case, step

TEXTS = {
    "emoji": "🏦👩🏽‍⚖️ and 👍",
    "decomposed": "Cafe\u0301 Angstro\u0308m \u1112\u1161\u11ab",
    "composed": "Café Angström 한",
    "compatibility": "ﬁ ① ﷺ Ω Å",
    "lines": "one\r\ntwo\nthree\rfour\u2028five\x0bsix",
    "quotes": "'single' \"double\" `back` “curly” \\ \\' %s %(x)s :name ? $1",
    "formula": "=cmd|' /C calc'!A0\n+1\n-1\n@SUM(A1)",
    "spaces": "  leading and trailing \t ",
    "html": "<script>alert('x')</script>&amp;",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f\ufeff\ufffd\uffff",
    "right to left": "שלום \u202eabc\u202c عليكم",
    "a megabyte": "ß☃" * 524_288,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_note_comes_back_to_the_character(bank_engine: Engine, name: str) -> None:
    text = TEXTS[name]
    with Writing(bank_engine) as uow:
        row = uow.ledger.append(events.NoteAdded(notes=text, via="app"), stream="DESK", user="ana", at=NOON)
        uow.commit()
    with Reading(bank_engine) as uow:
        (stored,) = uow.ledger.of("DESK")
    assert stored == row
    assert type(stored.body) is bytes


def test_both_writings_of_a_word_become_one(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1))
        step(uow, case, events.NoteAdded(notes="Cafe\u0301", via="app"), "ana")
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.ledger.of(case.case_id)[-1].notes == "Caf\u00e9"


@pytest.mark.parametrize("micro", [0, 1, 999, 1000, 123_456, 999_999])
def test_the_state_keeps_microseconds(bank_engine: Engine, micro: int) -> None:
    at = datetime(2026, 7, 1, 23, 59, 59, micro, tzinfo=UTC)
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1), at=at)
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.cases.get(case.case_id).opened_at == at
        assert uow.ledger.of(case.case_id)[0].ts == canonical(at)


def test_another_zone_is_the_same_instant(bank_engine: Engine) -> None:
    abroad = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1), at=abroad)
        uow.commit()
    with Reading(bank_engine) as uow:
        stored = uow.cases.get(case.case_id).opened_at
    assert stored == NOON
    assert stored.tzinfo is UTC


def test_a_time_without_a_zone_is_not_stored(bank_engine: Engine) -> None:
    with pytest.raises(Exception, match="without a zone"), Writing(bank_engine) as uow:
        uow.draws.set_outcome("Q", "C", "Pass", "ana", datetime(2026, 1, 1))  # noqa: DTZ001 - the defect in question


def test_names_keep_every_script(engine: Engine) -> None:
    name = "Łukasz Šarūnas 李小龍 Παπαδόπουλος 🙂"
    with Writing(engine) as uow:
        uow.parties.put_customers([Customer("CU-1", name, CustomerKind.PERSON, "PL")])
        uow.commit()
    with Reading(engine) as uow:
        assert uow.parties.customer("CU-1").name == name
