"""All that the last run found, as a process that stays knows it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from casedesk.detection.findings import findings_sha256
from casedesk.services.known_findings import KnownFindings
from casedesk.services.touched import stood
from casedesk.store.run_store import Finding

DAY = datetime(2026, 6, 1, tzinfo=UTC)


def finding(number: int, rule: str, account_id: str) -> Finding:
    begun = DAY + timedelta(minutes=number)
    return Finding(f"A-{number}", f"{number * 7919 % 10007:064x}", rule, account_id, begun, begun + timedelta(days=1))


def test_what_changes_leaves_the_same_as_to_know_it_from_the_beginning() -> None:
    dice = random.Random(3)
    rules, accounts = ("cycle", "velocity", "stack"), tuple(f"K-{n}" for n in range(9))
    now = [finding(n, dice.choice(rules), dice.choice(accounts)) for n in range(40)]
    known, number = KnownFindings(now), 40
    for _ in range(60):
        gone = dice.sample(now, dice.randint(0, min(3, len(now))))
        new = [finding(number + n, dice.choice(rules), dice.choice(accounts)) for n in range(dice.randint(0, 3))]
        number += 3
        now = [one for one in now if one not in gone] + new
        before = known.sha256()
        assert known.sha256(gone, new) == findings_sha256(one.digest for one in now)
        assert known.sha256() == before  # it is only asked
        known.change(gone, new)
        assert (len(known), known.sha256()) == (len(now), findings_sha256(one.digest for one in now))
        asked, by = dice.sample(accounts, 3), dice.sample(rules, 1)
        about = {one for one in now if one.account_id in asked or one.rule in by}
        assert known.about(asked, by) == {one: stood(one) for one in about}
        assert sorted(map(repr, known.stood_about(asked, by))) == sorted(repr(stood(one)) for one in about)
        assert sorted(map(repr, known.stood())) == sorted(repr(stood(one)) for one in now)


def test_findings_of_one_digest_go_one_at_a_time() -> None:
    """Two of the same words about the same evidence cannot be told apart by the digest, and both count in it."""
    one, other = finding(1, "cycle", "K-1"), finding(2, "cycle", "K-1")
    other = Finding(other.alert_id, one.digest, other.rule, other.account_id, other.first_at, other.last_at)
    known = KnownFindings([one, other])
    known.change([other], [])
    assert (len(known), known.sha256()) == (1, findings_sha256([one.digest]))
    assert list(known.about(["K-1"], ())) == [one]
