"""`casedesk generate`, `produce`, `stream run`, `consume`, `watch` and `demo`, as somebody types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from casedesk.services import detecting
from tests.builders import TestDesk
from tests.cli.conftest import Command

FEED = ("--events", 1_500, "--customers", 40, "--mode", "structuring", "--start", "2026-06-01")


@pytest.fixture
def one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run structuring alone: writing the SQL of all rules anew would take ten seconds."""
    from functools import partial

    rules = [rule for rule in detecting.RULES if rule.name == "structuring"]
    monkeypatch.setattr(detecting, "detect", partial(detecting.detect, rules=rules))


def test_the_same_seed_gives_the_same_lines_and_another_gives_others(casedesk: Command) -> None:
    first = casedesk("generate", *FEED)
    lines = [json.loads(line) for line in first.out.splitlines()]
    assert (first.code, first.err, len({line["transaction_id"] for line in lines})) == (0, "", 1_500)
    assert casedesk("generate", *FEED).out == first.out
    assert casedesk("generate", *FEED, "--seed", 8).out != first.out
    assert [line["booked_at"] for line in lines] == sorted(line["booked_at"] for line in lines)
    told = casedesk("generate", "--events", 20, "--customers", 5)
    assert (told.code, told.err) == (2, "A feed has 20 to 99,999 customers, not 5; give another --customers.\n")


def test_the_demo_prints_alerts_of_whoever_splits_cash(casedesk: Command, one_rule: None) -> None:
    told = casedesk("demo", *FEED, "--json")
    alerts = [json.loads(line) for line in told.out.splitlines()]
    assert told.code == 0
    assert len(alerts) > 5
    assert {alert["rule"] for alert in alerts} == {"structuring"}
    assert f"1,500 transactions, 3 runs of the rules, {len(alerts)} alerts." in told.err
    assert len(casedesk("demo", *FEED, "--max-alerts", 2).out.splitlines()) == 2


def test_watch_shows_what_the_desk_holds_with_band_sentence_and_time(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    desk.alert(severity=80)
    told = casedesk("watch", "--from-beginning", "--max-alerts", 1, "--as", "ann")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(" 80  High    K-1  K-1/1: Five deposits within an hour, each under 10,000. (")


def test_whoever_names_no_broker_no_key_or_a_wrong_address_is_told_so(casedesk: Command, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("cd_x_y")
    refusals = {
        ("consume",): "Say where Kafka is: add --bootstrap HOST:PORT, or set CASEDESK_KAFKA_BOOTSTRAP.",
        ("watch", "--mode", "api"): "The API asks for a key; name a file that holds one with --key-file (casedesk apikey create).",
        ("watch", "--mode", "api", "--key-file", key, "--url", "desk"): "“desk” is no address of the API; write it as http://127.0.0.1:8501.",
        ("watch", "--mode", "api", "--key-file", key, "--url", "http://127.0.0.1:9"): "No API answers at http://127.0.0.1:9; is it served?",
    }  # fmt: skip
    for words, sentence in refusals.items():
        told = casedesk(*words)
        assert (told.code, told.err, told.out) == (2, f"{sentence}\n", "")


def test_without_kafkas_client_and_with_an_unknown_mode_the_way_out_is_told(
    casedesk: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = casedesk("generate", "--mode", "fraud")
    assert (told.code, told.err) == (
        2, "“--mode fraud” is unknown; choose one of normal, structuring, velocity, geo, mixed.\n",
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    told = casedesk("consume", "--bootstrap", "127.0.0.1:9")
    assert told.code == 2
    assert told.err.startswith("Kafka’s client is not installed; run: .venv/bin/python -m pip install")


def test_a_file_of_properties_is_read_and_a_bad_line_named(casedesk: Command, tmp_path: Path) -> None:
    file = tmp_path / "kafka.properties"
    file.write_text("# who we are\nclient.id=desk\nnonsense\n")
    told = casedesk("consume", kafka_bootstrap="127.0.0.1:9", kafka_properties=file)
    assert (told.code, told.err) == (2, f"{file}, line 3, is no property; write name=value, one a line.\n")
    file.write_text("no.such.property=1\n")
    told = casedesk("consume", kafka_bootstrap="127.0.0.1:9", kafka_properties=file)
    assert told.code == 2
    assert told.err.startswith("Kafka’s client does not take a property: No such configuration property")
