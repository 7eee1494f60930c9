"""All that the last run found, as a process that stays knows it: by account and by rule, with the digest over the whole of it.

There may be a hundred thousand of them, and a run after a few transactions meets a few. So nothing here walks over all of them but
the digest, and that only where something of it changed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

from casedesk.detection.findings import sha256_of_sorted
from casedesk.detection.subjects import Stood
from casedesk.services.touched import stood
from casedesk.store.run_store import Finding

_Told: TypeAlias = dict[Finding, Stood]


class KnownFindings:
    """What a run found; some 700 bytes each."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._by_account: dict[str, _Told] = {}
        self._by_rule: dict[str, _Told] = {}
        self._digests: list[str] = []
        for one in findings:
            self._add(one)
            self._digests.append(one.digest)
        self._digests.sort()
        self._sha256 = sha256_of_sorted(self._digests)

    def __len__(self) -> int:
        return len(self._digests)

    def about(self, account_ids: Collection[str], rules: Iterable[str]) -> dict[Finding, Stood]:
        """Return what was found of these accounts by any rule, and of any account by these rules, also as the engine asks for it."""
        found: dict[Finding, Stood] = {}
        for told in self._of(account_ids, rules):
            found |= told
        return found

    def stood_about(self, account_ids: Collection[str], rules: Iterable[str]) -> Iterable[Stood]:
        """Return the same as the engine asks for it alone."""
        return self.about(account_ids, rules).values()

    def stood(self) -> Iterator[Stood]:
        """Yield all of them as the engine asks for it."""
        for told in self._by_account.values():
            yield from told.values()

    def _of(self, account_ids: Iterable[str], rules: Iterable[str]) -> Iterator[_Told]:
        for account_id in account_ids:
            if told := self._by_account.get(account_id):
                yield told
        for rule in rules:
            if told := self._by_rule.get(rule):
                yield told

    def sha256(self, gone: Iterable[Finding] = (), new: Iterable[Finding] = ()) -> str:
        """Return the digest over all of them, or what it will be once these are gone and those are new."""
        digests = _changed(self._digests, gone, new)
        return self._sha256 if digests is self._digests else sha256_of_sorted(digests)

    def change(self, gone: Iterable[Finding], new: Iterable[Finding]) -> None:
        """Let these be gone and those be new."""
        digests = _changed(self._digests, gone, new)
        if digests is self._digests:
            return
        for one in gone:
            del self._by_account[one.account_id][one]
            del self._by_rule[one.rule][one]
        for one in new:
            self._add(one)
        self._digests, self._sha256 = digests, sha256_of_sorted(digests)

    def _add(self, one: Finding) -> None:
        told = stood(one)
        self._by_account.setdefault(one.account_id, {})[one] = told
        self._by_rule.setdefault(one.rule, {})[one] = told


def _changed(digests: list[str], gone: Iterable[Finding], new: Iterable[Finding]) -> list[str]:
    """Return the digests in order with some left out and others put in; the very same list where there is nothing to change."""
    without, more = [one.digest for one in gone], [one.digest for one in new]
    if not without and not more:
        return digests
    digests = digests.copy()
    for digest in without:
        del digests[bisect_left(digests, digest)]
    for digest in more:
        insort(digests, digest)
    return digests
