"""Who gets in, and what is shown when the desk cannot be drawn."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.ui import alert_table, signin
from app.ui.signin import NotOnThisMachine, require_loopback
from tests.app.bank import Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text

Start = Callable[[], AppTest]


def test_the_personas_are_offered_by_role_without_those_who_left(start: Start) -> None:
    at = start().run()
    assert [b.label for b in at.button][:2] == ["Grace Adeyemi", "Luis Ferreira"]
    assert "persona_piet" not in {b.key for b in at.button}
    assert "Analyst" in text(at)
    assert "Auditor" in text(at)


def test_one_click_signs_in_and_one_signs_out(open_as: Open) -> None:
    at = open_as("grace")
    assert "Grace Adeyemi" in text(at)
    at.get_by_key("sign_out").click().run()
    assert "persona_grace" in {b.key for b in at.button}


def test_nothing_of_a_session_is_left_for_the_next_persona(open_as: Open) -> None:
    at = open_as("marta", view="awaiting")
    at.get_by_key("sign_out").click().run()
    at.query_params.clear()
    at.get_by_key("persona_grace").click().run()
    assert "Awaiting approval" not in text(at)
    assert at.get_by_key("triage_view").value == "all"


def test_who_was_switched_off_is_out_at_the_next_click(open_as: Open, bank: Bank) -> None:
    at = open_as("grace")
    with sqlite3.connect(bank.path) as connection:
        connection.execute("UPDATE users SET active = 0 WHERE user_id = 'grace'")
    connection.close()
    at.run()
    assert "sign_out" not in {b.key for b in at.button}


@pytest.mark.parametrize(
    ("address", "host"),
    [("127.0.0.1", "localhost:8501"), ("127.0.0.1", None), ("localhost", "127.0.0.1:8501"), ("::1", "[::1]:8501")],
)
def test_demo_personas_are_for_this_machine(address: str, host: str | None) -> None:
    require_loopback(address, host)


@pytest.mark.parametrize(
    ("address", "host"),
    [(None, "localhost:8501"), ("0.0.0.0", "localhost:8501"), ("", None), ("192.168.1.5", "192.168.1.5:8501"),
     ("127.0.0.1", "desk.bank.example"), ("127.0.0.1", "127.0.0.1.elsewhere.example:8501"), ("127.0.0.1", "[::2]:1")],
)  # fmt: skip
def test_demo_personas_are_refused_to_everybody_else(address: str | None, host: str | None) -> None:
    with pytest.raises(NotOnThisMachine) as refused:
        require_loopback(address, host)
    assert "CASEDESK_AUTH=oidc" in str(refused.value)


def test_a_desk_open_to_the_network_shows_the_sentence_and_no_persona(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "bound_to", lambda: None)
    at = start().run()
    assert sentences(at)[0].startswith("Demo sign-in has no passwords")
    assert not [b for b in at.button if b.key.startswith("persona_")]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, start: Start) -> Start:
    monkeypatch.setenv("CASEDESK_AUTH", "oidc")
    return start


def vouched(start: Start, **claims: object) -> AppTest:
    at = start()
    at.user = {"is_logged_in": True, **claims}
    return at.run()


def test_a_known_address_is_signed_in_whatever_its_case(provider: Start) -> None:
    at = vouched(provider, email="Grace@Bank.Example", email_verified=True)
    assert "Grace Adeyemi" in text(at)
    assert "demo persona" not in text(at)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"email": "mallory@elsewhere.example"}, "mallory@elsewhere.example is not an active user of this desk"),
        ({"email": "piet@bank.example"}, "piet@bank.example is not an active user of this desk"),
        ({"email": "grace@bank.example", "email_verified": False}, "has not verified grace@bank.example"),
        ({}, "sent no e-mail address"),
    ],
)
def test_others_are_turned_away_with_a_sentence_and_a_way_out(
    provider: Start, claims: dict[str, object], says: str
) -> None:
    at = vouched(provider, **claims)
    assert says in sentences(at)[0]
    assert [b.key for b in at.button] == ["sign_out"]


def test_with_a_provider_no_persona_is_offered(provider: Start) -> None:
    at = provider().run()
    assert [b.key for b in at.button] == ["sign_in"]


def test_a_missing_provider_is_a_sentence(provider: Start) -> None:
    at = provider().run()
    at.get_by_key("sign_in").click().run()
    assert "no identity provider is configured" in sentences(at)[0]


def test_a_database_that_is_gone_is_a_sentence_and_the_next_try_works(
    open_as: Open, start: Start, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEDESK_DATABASE_URL", f"sqlite:///{bank.path.parent / 'nobody.db'}")
    at = start().run()
    assert "casedesk db upgrade" in sentences(at)[0]
    assert not at.exception
    monkeypatch.setenv("CASEDESK_DATABASE_URL", bank.url)
    at.get_by_key("try_again").click().run()
    assert "persona_grace" in {b.key for b in at.button}


def test_a_database_behind_says_so(start: Start, bank: Bank) -> None:
    with sqlite3.connect(bank.path) as connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()
    st.cache_resource.clear()
    at = start().run()
    assert not at.exception
    assert sentences(at)[0].startswith("The database ")


def test_a_locked_database_refuses_the_note_and_keeps_it(open_as: Open, bank: Bank) -> None:
    case_id = bank.cases["held"]
    at = open_as("grace", "case", id=case_id)
    at.get_by_key(f"panel_{case_id}").set_value("Note").run()
    at.get_by_key(f"note_{case_id}").set_value("Kept.").run()
    other = sqlite3.connect(bank.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    at.get_by_key(f"add_note_{case_id}").click().run()
    other.close()
    assert "nothing was saved" in sentences(at)[0]
    assert at.get_by_key(f"note_{case_id}").value == "Kept."


def test_a_wrong_setting_is_a_sentence(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEDESK_AUTH", "nothing")
    at = start().run()
    assert sentences(at)[0].startswith("CASEDESK_AUTH is “nothing”")


def test_an_unforeseen_error_is_a_reference_and_no_traceback(
    open_as: Open, bank: Bank, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alert_table, "show", lambda *_: 1 / 0)
    at = open_as("grace", "case", id=bank.cases["held"])
    assert not at.exception
    said = sentences(at)[0]
    assert said.startswith("This page could not be drawn. Nothing was saved. Reference **")
    reference = said.split("**")[1]
    logged = capsys.readouterr().err
    assert reference in logged
    assert "ZeroDivisionError" in logged
    assert "Northgate" not in logged
