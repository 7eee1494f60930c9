"""A batch under inspection: elements by their local names, their values, and the findings so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from lxml import etree

from casedesk.exports.fincen.findings import Finding, finding, quoted
from casedesk.exports.fincen.schema import NAMESPACE, PREFIX

#: What people write who take an indicator for a yes or no.
_NO: Final = ("N", "NO", "0", "FALSE")

Element = etree._Element  # noqa: SLF001  # lxml gives its element type no public name


def local(element: Element) -> str:
    """Return an element's name without namespace and prefix."""
    return str(element.tag).rpartition("}")[2]  # five times faster than QName, and asked of every element often


def path_of(element: Element) -> str:
    """Return the XPath of an element, with its position among its equals at every step below the root."""
    steps: list[str] = []
    at: Element | None = element
    while at is not None:
        above = at.getparent()
        name = local(at) if etree.QName(at).namespace != NAMESPACE else f"{PREFIX}:{local(at)}"
        if above is not None:
            earlier = sum(1 for _ in at.itersiblings(at.tag, preceding=True))
            name = f"{name}[{earlier + 1}]"
        steps.append(name)
        at = above
    return "/" + "/".join(reversed(steps))


@dataclass(slots=True)
class Document:
    """The batch and what was found in it.

    A value that was found malformed is not asked about again: one defect gives one finding.
    """

    root: Element
    today: date
    narrative_cap: int
    findings: list[Finding] = field(default_factory=list)
    _bad: set[Element] = field(default_factory=set)
    #: Values that are too long and have a shape of their own, with how long they may be: the shape is the reason that helps.
    long: list[tuple[Element, int]] = field(default_factory=list)

    def say(self, code: str, at: Element, **words: object) -> None:
        """Add a finding at an element; strings among the words that came from the file are quoted by the caller."""
        line: Any = at.sourceline  # the stubs give it no type
        self.findings.append(finding(code, path_of(at), line or 0, **words))

    def spoil(self, code: str, at: Element, **words: object) -> None:
        """Add a finding about a value, so that no other rule reads it."""
        self._bad.add(at)
        self.say(code, at, **words)

    def is_bad(self, element: Element) -> bool:
        return element in self._bad

    def activities(self) -> Iterator[Element]:
        return children(self.root, "Activity")

    def parties(self, activity: Element) -> Iterator[Element]:
        return children(activity, "Party")

    def value(self, parent: Element | None, name: str) -> str:
        """Return the well-formed value of a child; empty if there is none."""
        element = child(parent, name)
        return "" if element is None or element in self._bad else (element.text or "")

    def holds(self, parent: Element | None, name: str) -> bool:
        """Tell whether a child has any value, well-formed or not."""
        element = child(parent, name)
        return element is not None and bool(element.text)

    def flag(self, parent: Element | None, name: str) -> bool:
        """Tell whether an indicator is set. A malformed one counts as set unless it says no: one defect, one finding."""
        return self.holds(parent, name) and text(parent, name).strip().upper() not in _NO

    def day(self, parent: Element | None, name: str) -> date | None:
        """Return a child's date; None if there is none or it is no real one."""
        text = self.value(parent, name)
        if not re.fullmatch(r"[0-9]{8}", text):
            return None
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None

    def forbid_both(self, code: str, parent: Element, flag: str, name: str) -> None:
        """Find an indicator that is set beside the value it denies."""
        found = child(parent, flag)
        if found is not None and self.flag(parent, flag) and self.holds(parent, name):
            self.say(code, found, flag=flag, name=name, got=quoted(text(parent, name)))


def children(parent: Element, name: str) -> Iterator[Element]:
    """Give the child elements of a local name."""
    return (element for element in parent if local(element) == name)


def child(parent: Element | None, name: str) -> Element | None:
    """Return the first child element of a local name."""
    return None if parent is None else next(children(parent, name), None)


def text(parent: Element | None, name: str) -> str:
    """Return a child's text as it stands; empty if there is none."""
    element = child(parent, name)
    return "" if element is None else (element.text or "")
