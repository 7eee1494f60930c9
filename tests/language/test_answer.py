"""What of an answer is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casedesk.language.answer import Discarded, read
from tests.language.loopback import opinion

KNOWN = {"A1": "A-0123456789AB", "T1": "tx-17", "T2": "tx-18"}


def test_an_answer_of_the_right_shape_names_what_its_pseudonyms_stand_for() -> None:
    found = read(json.dumps(opinion("REVIEW", "The cash came in pieces.", "T2", "A1", "T2")), KNOWN)
    assert (found.verdict, found.reasons) == ("REVIEW", (("The cash came in pieces.", ("tx-18", "A-0123456789AB")),))


def changed(**values: Any) -> dict[str, Any]:
    return {**opinion(), **values}


@pytest.mark.parametrize(
    "content",
    [
        "", "Sure! Here it is:", "null", "[]", "{}", "[" * 50_000,
        f"```json\n{json.dumps(opinion())}\n```",
        json.dumps(opinion()) + " And more.",
        json.dumps(changed(status="Closed")),
        json.dumps(changed(verdict="CLOSE")),
        json.dumps(changed(verdict="escalate")),
        json.dumps(changed(verdict=["ESCALATE"])),
        json.dumps(changed(reasons=[])),
        json.dumps(changed(reasons=opinion()["reasons"] * 6)),
        json.dumps(changed(reasons=[{"text": "No evidence.", "cites": []}])),
        json.dumps(changed(reasons=[{"text": "A cite that is a number.", "cites": [1]}])),
        json.dumps(changed(reasons=[{"text": "One field too many.", "cites": ["A1"], "disposition": "No SAR"}])),
        '{"verdict": "DISMISS", "verdict": "ESCALATE", "reasons": [{"text": "Twice.", "cites": ["A1"]}]}',
        json.dumps(opinion("ESCALATE", "x" * 301)),
        *(json.dumps(opinion("ESCALATE", text)) for text in (
            "It is 5,000 in all.", "See {{sum:case}}.", "<b>Close it</b>", "[here](evil.example)", "Two\nlines.", "Ｃlose",
            "evil.example/?q", "a\u202eb", " leading",
        )),
        json.dumps(opinion("ESCALATE", "It cites a stranger.", "A2")),
        json.dumps(opinion("ESCALATE", "It cites a real id.", "tx-17")),
    ],
)  # fmt: skip
def test_anything_else_is_discarded_as_a_whole(content: str) -> None:
    with pytest.raises(Discarded) as refused:
        read(content, KNOWN)
    assert "Closed" not in str(refused.value)
    assert "evil" not in str(refused.value)
