"""What became of a narrative since it was approved, or returned: two texts compared word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from casedesk.domain.cases import Disposition
from casedesk.domain.events import DispositionApproved, DispositionReturned, DispositionSet
from casedesk.domain.ledger import Recorded

#: A word with the blanks behind it. Words alone are compared: another line break is no change.
_WORD: Final = re.compile(r"\S+\s*")
_LEADING: Final = re.compile(r"\s*")
#: A stretch of a text and what became of it: ``+`` came in, ``-`` went, and nothing stayed.
Piece = tuple[str, str]
#: More pairs of equal words than this are not weighed against each other; the whole stretch then counts as rewritten.
_MOST_PAIRS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Amendment:
    """A narrative beside the one that was judged before it.

    :param judged: how that was judged: approved or returned.
    :param event_id: of the judgement.
    """

    judged: str
    event_id: int
    by: str  # a user id
    ts: str
    pieces: tuple[Piece, ...]

    @property
    def came(self) -> int:
        """How many words came in."""
        return _count(self.pieces, "+")

    @property
    def went(self) -> int:
        """How many words went."""
        return _count(self.pieces, "-")


def _count(pieces: Sequence[Piece], mark: str) -> int:
    return sum(len(text.split()) for kind, text in pieces if kind == mark)


def amendment(events: Sequence[Recorded]) -> Amendment | None:
    """Compare a report's newest narrative with the last one approved before it; with the last one returned, if none was.

    :param events: of a case, oldest first.
    :return: None if the newest decision is no report, or no earlier one was judged.
    """
    newest: Recorded | None = None
    before: dict[str, tuple[Recorded, Recorded]] = {}  # the judgement and the decision it judged
    judged: dict[str, tuple[Recorded, Recorded]] = {}
    for event in events:
        if event.action == DispositionSet.action:
            newest, before = event, dict(judged)
        elif event.action in _JUDGED and newest is not None:
            judged[_JUDGED[event.action]] = (event, newest)
    if newest is None or newest.data.get("disposition") != Disposition.SAR:
        return None
    for word in _JUDGED.values():
        if word in before:
            judgement, old = before[word]
            return Amendment(word, judgement.event_id, judgement.user, judgement.ts, changes(old.notes, newest.notes))
    return None


#: An approval counts more than a return, whichever came last.
_JUDGED: Final = {DispositionApproved.action: "approved", DispositionReturned.action: "returned"}


def changes(before: str, after: str) -> tuple[Piece, ...]:
    """Return the later text with what came in, and between it what went. All but what went is the later text."""
    pieces = [("", _LEADING.match(after)[0]), *_compared(_WORD.findall(before), _WORD.findall(after))]  # type: ignore[index]  # it matches nothing, too
    return tuple(_joined(pieces))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    yield "", "".join(new[:start])
    yield from _between(old[start : len(old) - end], new[start : len(new) - end])
    yield "", "".join(new[len(new) - end :])


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words the texts have in common from the first on."""
    pairs = zip(old, new, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a.rstrip() != b.rstrip()), min(len(old), len(new)))


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    before, after = [word.rstrip() for word in old], [word.rstrip() for word in new]
    if _pairs(before, after) > _MOST_PAIRS:
        yield from (_gone(old), ("+", "".join(new)))
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "", "".join(new[j1:j2])
        else:
            yield _gone(old[i1:i2])
            yield "+", "".join(new[j1:j2])


def _gone(words: Sequence[str]) -> Piece:
    """Return what went with one blank behind it: the line breaks are those of the later text."""
    return "-", f"{''.join(words).rstrip()} " if words else ""


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    """Count the pairs of equal words, which is what comparing costs."""
    often: dict[str, int] = {}
    for word in old:
        often[word] = often.get(word, 0) + 1
    return sum(often.get(word, 0) for word in new)


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    held: Piece = ("", "")
    for mark, text in pieces:
        if not text:
            continue
        if mark == "-" and held[1] and not held[1][-1].isspace():
            text = f" {text}"  # the later text ends here, and what went must not hang on its last word
        if mark == held[0]:
            held = (mark, held[1] + text)
            continue
        if held[1]:
            yield held
        held = (mark, text)
    if held[1]:
        yield held
