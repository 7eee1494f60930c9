"""The verifier's own copies of rules take what the engine takes for a hit, and nothing less."""

from __future__ import annotations

import pytest

from casedesk.detection.rules.fan_in import FanIn
from casedesk.exports.verifier import verify
from tests.detection.bank import NOON, Tx
from tests.detection.flows import pay, raised

LARGE = [pay(f"S{number}", "A", number, 10_000_00) for number in range(3)]
MANY = [pay(f"S{number}", "A", number) for number in range(4)]


def judged(bank: list[Tx]) -> str | None:
    legs = [((tx.at - NOON) // NOON.resolution, tx.minor, "in", tx.source, tx.channel, "") for tx in bank]
    rule = verify.RULES[FanIn.name, FanIn.version]
    return rule(sorted(legs), FanIn().parameters.values(), "A fan")


@pytest.mark.parametrize("bank", [LARGE, MANY, [*LARGE, *MANY]], ids=["three large", "four of any sum", "both"])
def test_a_fan_of_either_kind_follows_from_its_evidence(bank: list[Tx]) -> None:
    assert [len(alert.transaction_ids) for alert in raised(FanIn(), bank)] == [len(bank)]
    assert judged(bank) == "not whether the parties were strangers before"


@pytest.mark.parametrize("bank", [[*LARGE[:2], pay("S2", "A", 2, 9_999_99)], MANY[:3]], ids=["a cent less", "three"])
def test_too_few_senders_or_too_small_sums_do_not(bank: list[Tx]) -> None:
    assert raised(FanIn(), bank) == ()
    with pytest.raises(verify.Wrong):
        judged(bank)
