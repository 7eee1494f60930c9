"""Every role, every step, every stage, every relation to the case: what is allowed, and how the rest is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.domain.people import Role
from casedesk.errors import CasedeskError
from casedesk.store.engines import make_engine
from tests.builders import TestDesk
from tests.databases import Sqlite
from tests.services.permission_stand import COLUMNS, Template, build, into_one_file
from tests.services.permission_steps import STEPS, outcome
from tests.services.permission_table import AT_THE_DESK, CELLS, READS


@pytest.fixture(scope="module")
def template(sqlite_kind: Sqlite) -> Template:
    address = sqlite_kind.fresh()
    engine = make_engine(address)
    stand = build(TestDesk(engine))
    into_one_file(engine)
    return Template(Path(address.removeprefix("sqlite:///")), stand)


@pytest.mark.parametrize(("role", "step", "letters"), CELLS, ids=[f"{role}-{step}" for role, step, _ in CELLS])
def test_a_step_is_allowed_or_refused_as_the_trade_rules_say(
    template: Template, tmp_path: Path, role: str, step: str, letters: dict[str, str]
) -> None:
    file = tmp_path / "desk.db"
    stand = template.copy(file, Role(role))
    wrong = []
    for column, letter in letters.items():
        got, problem = outcome(stand, step, column)
        if got != letter or problem:
            wrong.append(f"{role} {step} on a case {COLUMNS[column]}: expected {letter}, got {got} {problem}")
        if got == "y" and step not in READS:
            stand.desk.engine.dispose()
            stand = template.copy(file, Role(role))
    stand.desk.engine.dispose()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("step", sorted(AT_THE_DESK))
@pytest.mark.parametrize("role", ["Analyst", "QA", "Manager", "Auditor"])
def test_a_step_about_no_single_case_depends_on_the_role_alone(
    template: Template, tmp_path: Path, role: str, step: str
) -> None:
    stand = template.copy(tmp_path / "desk.db", Role(role))
    assert outcome(stand, step, "n0") == ("y" if role in AT_THE_DESK[step] else ".", "")
    stand.desk.engine.dispose()


@pytest.mark.parametrize("step", sorted(STEPS.keys() - READS))
def test_who_was_switched_off_changes_nothing_even_in_a_session_that_is_still_open(
    template: Template, tmp_path: Path, step: str
) -> None:
    stand = template.copy(tmp_path / "desk.db", Role.MANAGER)
    me = stand.desk.people["me"]
    stand.desk.dismiss("me")
    stand.desk.people["me"] = me  # what the browser session still believes
    before = stand.desk.dump()
    with pytest.raises(CasedeskError, match="not active any more"):
        STEPS[step](stand, "ao" if step in ("approve", "return") else "wm")
    assert stand.desk.dump() == before
    stand.desk.engine.dispose()


def test_a_role_taken_away_counts_at_once_in_a_session_that_is_still_open(template: Template, tmp_path: Path) -> None:
    stand = template.copy(tmp_path / "desk.db", Role.MANAGER)
    manager = stand.desk.people["me"]
    stand.desk.hire(Role.ANALYST, "me")
    stand.desk.people["me"] = manager
    assert outcome(stand, "approve", "ao") == (".", "")
    stand.desk.engine.dispose()


def test_the_table_speaks_of_every_step_and_every_column() -> None:
    steps = {step for _, step, _ in CELLS} | AT_THE_DESK.keys()
    assert steps == STEPS.keys()
    assert len(CELLS) * len(COLUMNS) == 4 * 22 * 22


def test_every_stage_pair_that_is_stored_can_be_read(template: Template) -> None:
    engine = make_engine(f"sqlite:///{template.file}")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT DISTINCT status, disposition FROM cases"))
        pairs = {tuple(row) for row in rows}
    engine.dispose()
    assert pairs == {
        ("New", ""), ("In Review", ""), ("In Review", "Escalate"), ("In Review", "SAR"), ("Closed", "No SAR"),
        ("Closed", "SAR"),
    }  # fmt: skip
