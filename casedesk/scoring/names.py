"""How alike two names are, in [0, 1]: over scripts, orders, spellings, legal forms and missing parts.

The method, in the order in which it works:

1. **Normalisation.** Every script is written in Latin letters (anyascii), in lower case, without accents and apostrophes; all other
   signs part words. Legal forms written out become short ones (“Aktiengesellschaft” is “ag”).
2. **Words** are paired greedily, the most alike first, in whatever order they stand. Two words are as alike as the mean of their
   Jaro-Winkler similarity (0.6) and 1 less their share of edits, a swap of neighbours being one (0.4); below 0.78 they are different
   words. An initial fits a word that begins with it by 0.8.
3. **The score** is the length of the paired words, each times how alike the pair is, over that length and the length of what is left
   over: times 1.5 in the shorter name, since all of it should be there, and 0.2 in the longer one, since lists know more names of
   a person than a bank does. Particles (“al”, “bin”, “von”) count a third; titles and legal forms not at all.
4. **Names written in one** (“VladimirPutin”) are compared as a whole where that gives more.
5. 0.2 is taken off where both have a legal form and not the same, and where the numbers in them differ (“Fund II”).

The weights were tuned on pairs that people labelled; docs/scoring.md says how it does there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from rapidfuzz.distance import OSA, JaroWinkler

#: Raised when the same two names could get another score.
METHOD: Final = "casedesk-names-1"

#: From here on a person looks at two names.
LIKELY: Final = 0.8

_ALIKE, _INITIAL, _JARO = 0.78, 0.8, 0.6
_MISSING_SHORT, _MISSING_LONG = 1.5, 0.2
_PARTICLE, _UNLIKE = 1 / 3, 0.2
#: Below it, names as a whole are no spelling of one another.
_IN_ONE: Final = 0.85

_WRITTEN_OUT: Final = {
    "limited liability company": "llc", "limited liability partnership": "llp", "public limited company": "plc",
    "open joint stock company": "oao", "public joint stock company": "pao", "joint stock company": "ao", "ojsc": "oao",
    "pjsc": "pao", "jsc": "ao", "otkrytoe aktsionernoe obshchestvo": "oao",
    "obshchestvo s ogranichennoy otvetstvennostyu": "ooo", "aktiengesellschaft": "ag",
    "gesellschaft mit beschrankter haftung": "gmbh", "societe anonyme": "sa", "sociedad anonima": "sa",
    "naamloze vennootschap": "nv", "besloten vennootschap": "bv", "kabushiki kaisha": "kk", "limited": "ltd",
    "incorporated": "inc", "corporation": "corp", "company": "co", "private": "pvt", "holdings": "holding",
    "l l c": "llc", "l l p": "llp", "p l c": "plc", "s p a": "spa", "s r l": "srl", "s a": "sa", "a g": "ag",
    "b v": "bv", "n v": "nv", "k k": "kk", "and": "", "the": "", "of": "", "de": "",
}  # fmt: skip
_LONGEST_FIRST: Final = sorted(_WRITTEN_OUT.items(), key=lambda pair: -len(pair[0]))
_LEGAL: Final = frozenset(
    "ab ag ao as bv co corp gmbh inc jsc kg kk llc llp lp ltd nv oao ooo oy pao plc pte pvt sa sarl sas se spa srl zao".split()
)
_TITLES: Final = frozenset(
    "ayatollah col colonel dr eng gen general haji hajji mr mrs ms mullah prof professor shaykh sheikh sir".split()
)
_PARTICLES: Final = frozenset("al ben bin da den der di el ibn la le s und van von y".split())
_NUMBER: Final = re.compile(r"\d+|[ivx]{2,}")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared: its words without titles and legal forms, how much each counts, and what else tells."""

    words: tuple[str, ...]
    weights: tuple[float, ...]
    legal: frozenset[str]
    numbers: frozenset[str]


def read(text: str) -> Name:
    """Normalise a name."""
    plain = re.sub(r"['`’]", "", anyascii(text).casefold())
    plain = f" {re.sub('[^a-z0-9]+', ' ', plain).strip()} "
    for long, short in _LONGEST_FIRST:
        plain = plain.replace(f" {long} ", f" {short} " if short else " ")
    every = plain.split()
    words = tuple(word for word in every if word not in _LEGAL and word not in _TITLES) or tuple(every)
    return Name(
        words,
        tuple(len(word) * (_PARTICLE if word in _PARTICLES else 1.0) for word in words),
        _LEGAL.intersection(every),
        frozenset(word for word in words if _NUMBER.fullmatch(word)),
    )


def likeness(one: Name, other: Name) -> float:
    """Return how alike two names are, the same whichever comes first."""
    if not one.words or not other.words:
        return 0.0
    score = max(_word_by_word(one, other), _in_one(one, other))
    unlike = bool(one.legal and other.legal and one.legal != other.legal) + (one.numbers != other.numbers)
    return max(score - _UNLIKE * unlike, 0.0)


def _word_by_word(one: Name, other: Name) -> float:
    if (sum(one.weights), one.words) > (sum(other.weights), other.words):
        one, other = other, one
    pairs = [
        (-alike(mine, its), i, j)
        for i, mine in enumerate(one.words)
        for j, its in enumerate(other.words)
        if alike(mine, its)
    ]
    left, right = list(one.weights), list(other.weights)
    found = whole = 0.0
    for minus, i, j in sorted(pairs):
        if left[i] and right[j]:
            length = (left[i] + right[j]) / 2
            found, whole = found - minus * length, whole + length
            left[i] = right[j] = 0.0
    return found / (whole + _MISSING_SHORT * sum(left) + _MISSING_LONG * sum(right)) if whole else 0.0


def _in_one(one: Name, other: Name) -> float:
    whole = OSA.normalized_similarity("".join(one.words), "".join(other.words), score_cutoff=_IN_ONE)
    return float(whole)


@lru_cache(maxsize=1 << 18)
def alike(one: str, other: str) -> float:
    """Return how alike two words are; 0 where they are different words."""
    if one == other:
        return 1.0
    if min(len(one), len(other)) == 1:
        return _INITIAL if one[0] == other[0] else 0.0
    edits = OSA.normalized_similarity(one, other)
    score = _JARO * JaroWinkler.similarity(one, other) + (1 - _JARO) * edits
    return score if score >= _ALIKE else 0.0


class Names:
    """Many names, to be asked which of them are like another.

    Only those are compared that share two of these with it: the beginnings and the ends of words, three letters each, and the
    first five of the name as a whole; one where a name has a single word. So a name that is misspelt at the same end of every
    word is not found.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._names = [read(text) for text in texts]
        self._having: dict[str, list[int]] = {}
        for place, name in enumerate(self._names):
            for key in _keys(name):
                self._having.setdefault(key, []).append(place)

    def like(self, text: str, least: float = LIKELY) -> list[tuple[int, float]]:
        """Return the places of the names that are like this one, and how much, the most alike first."""
        name = read(text)
        shared: dict[int, int] = {}
        for key in _keys(name):
            for place in self._having.get(key, ()):
                shared[place] = shared.get(place, 0) + 1
        near = (place for place, keys in shared.items() if keys > 1 or _single(name) or _single(self._names[place]))
        scored = ((place, likeness(name, self._names[place])) for place in near)
        return sorted(((place, score) for place, score in scored if score >= least), key=lambda one: (-one[1], one[0]))


def _single(name: Name) -> bool:
    return sum(weight > 1 for weight in name.weights) < 2


def _keys(name: Name) -> set[str]:
    """Return under what a name is looked up. Particles lead to half of a list, so they are none where there are other words."""
    words = [word for word in name.words if word not in _PARTICLES] or list(name.words)
    joined = "".join(name.words)
    return {f"^{word[:3]}" for word in words} | {f"{word[-3:]}$" for word in words} | {f"^{joined[:5]}"}
