"""Names in the letters a jurisdiction's form has room for. The name as it is known is written beside them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from casedesk.errors import Invalid

#: Latin letters that Unicode does not take apart, and signs that stand for a word.
_LETTERS: Final = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "đ": "d", "Đ": "D",
     "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i", "\u2019": "'", "\u2018": "'", "\u2013": "-", "\u2014": "-", "&": " and ", "_": " "}
)  # fmt: skip


#: What stands on or beside a letter: combining marks, and modifier letters such as the ain of a transliteration.
_MARKS: Final = frozenset({"Mn", "Lm", "Sk"})


class NoSuchLetters(Invalid):
    """A name has letters that the form has no room for."""

    def __init__(self, name: str, letter: str) -> None:
        super().__init__(
            f"The name “{name}” has the letter “{letter}”, for which the form has no room; write the name in Latin letters in the "
            "report's form."
        )


def written(name: str, pattern: str) -> str:
    """Return a name in the letters that a pattern allows: marks are dropped, other signs become blanks.

    :raises NoSuchLetters: if a letter or digit has no such form: it is not for the desk to transliterate a name.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    kept = []
    for character in plain:
        if unicodedata.category(character) in _MARKS:
            continue
        fits = re.fullmatch(pattern, character) is not None
        if not fits and character.isalnum():
            raise NoSuchLetters(name, character)
        kept.append(character if fits else " ")
    return " ".join("".join(kept).split())
