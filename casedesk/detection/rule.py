"""What a rule is: parameters, one expression over the legs, and the sentence that explains what it found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, Self

import ibis
from ibis.common.exceptions import IbisError
from ibis.expr.types import Table

from casedesk.detection.hops import Hopping
from casedesk.detection.joints import Joint
from casedesk.detection.least import Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import RuleParameters
from casedesk.errors import Invalid


class Evidence(NamedTuple):
    """One transaction of an episode as the account saw it. ``at`` is in microseconds since 1970 UTC."""

    transaction_id: str
    at: int
    base_minor: int
    direction: str  # in, out or self; between, where the subject stands on neither side
    channel: str
    country: str  # of the other side, empty when unknown
    fired: bool  # a hit ends here
    observed: int  # what the rule read in the window that ends here
    needed: int  # what it takes to be a hit
    past: int = 0  # what the subject's past says: a sum or an instant, as the rule says; 0 where it does not ask
    peers: int = 0  # what the peer group says; 0 where the rule does not ask


@dataclass(frozen=True, slots=True)
class Explanation:
    """How bad an episode is, from 0 to 100, and what happened, in one sentence."""

    severity: int
    sentence: str


class Span(NamedTuple):
    """How far in time a rule reads, in microseconds: see ``subjects``.

    No transaction of a hit's evidence is booked more than ``window`` before the hit, and two hits of one episode have no gap
    longer than that. To judge a hit the rule needs the legs from ``before`` before it on; what it asks of earlier ones it
    reads from ``Views.past``. A rule is ``backward`` when whether a leg is a hit depends on nothing that is booked after it: no
    business day, whose morning is judged with its evening, and no piece of the clock.

    Along paths an episode has no hits apart from its paths: ``window`` is 0, and to tell the paths that end at some moment or
    later the rule needs the transfers from ``before`` before it on. Something new changes no path that ends before it, and where
    ``ahead`` is 0 the rule tells only those that do not (``Views.ending``); else it changes none that began more than ``ahead`` before.
    """

    window: int
    before: int
    ahead: int = 0
    backward: bool = False


class Reach(StrEnum):
    """What a rule reads to tell whether an account is a subject.

    ``ACCOUNT``: the legs of that account and its row among the accounts. ``CUSTOMER``: those of all accounts of its
    customer. ``GRAPH``: what other accounts did, too. ``POPULATION``: how it compares with others. Only the first two can
    be run over the subjects that new transactions touch; the others are run over everything, unless what they ask of others is
    known (``subjects``).
    """

    ACCOUNT = "account"
    CUSTOMER = "customer"
    GRAPH = "graph"
    POPULATION = "population"

    @property
    def local(self) -> bool:
        return self in (Reach.ACCOUNT, Reach.CUSTOMER)


@dataclass(frozen=True)
class Rule(ABC):
    """One typology with its parameters. A rule is added by writing its file and naming it in ``RULES``."""

    name: ClassVar[str]  # stored with every alert
    version: ClassVar[str]  # raised whenever the same data could give other alerts
    title: ClassVar[str]  # shown to people
    reach: ClassVar[Reach] = Reach.GRAPH  # narrower only where the rule truly reads no more
    beginning: ClassVar[bool] = False  # whether it also asks when the data begins
    parameters: RuleParameters

    @property
    def span(self) -> Span | None:
        """How far in time the rule reads; None where an incremental run has to read the whole of it."""
        return None

    @property
    def least(self) -> Needed | None:
        """What a hit takes at the least; None where only running the rule tells."""
        return None

    @property
    def joint(self) -> Joint | None:
        """What two hops that follow each other on a path have in common; None where a path may have one hop, or only running the rule tells."""
        return None

    @property
    def hopping(self) -> Hopping | None:
        """Which transfers its paths are made of, where bringing them up is less work than telling them all anew; None elsewhere."""
        return None

    @property
    def read_before(self) -> int:
        """How long before a moment the rule reads to judge from it on; 0 where it reads everything."""
        return 0 if self.span is None else self.span.window + self.span.before

    @abstractmethod
    def evidence(self, views: Views) -> Table:
        """Return the evidence of all episodes: the columns of the legs and those of ``windows.READING``.

        ``account`` is the subject, one of the desk's own accounts. A transaction stands once in an episode.
        """

    @abstractmethod
    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Explain one episode, its evidence in order of booking, amounts in the base currency."""

    def with_values(self, values: Mapping[str, object]) -> Self:
        """Return the rule with some parameter values replaced.

        :raises BadParameter: if a name is unknown, a value is out of its range, or two values contradict each other.
        """
        return replace(self, parameters=self.parameters.changed_by(values, self.name))


#: What code that is wrong makes Python, Ibis and pydantic raise.
FAULTS: Final = (
    ArithmeticError, AssertionError, AttributeError, IbisError, ImportError, LookupError, NameError, SyntaxError, TypeError,
    ValueError,
)  # fmt: skip


class BrokenRule(Invalid):
    """A rule's expression does not type-check against the views, or does not return evidence; or it cannot explain a hit."""

    def __init__(self, rule: Rule, fault: str, error: Exception) -> None:
        said = " ".join(str(error).split()).rstrip(".")[:200]
        super().__init__(
            f"Rule “{rule.title}” ({rule.name}, version {rule.version}) cannot run, for {fault}: {said}. Mend "
            f"{type(rule).__module__}, or name the other rules to run. Nothing was stored."
        )


def completed(evidence: Table) -> Table:
    """Add the figures of ``Evidence`` that a rule has no use for."""
    absent = [name for name in Evidence._field_defaults if name not in evidence.columns]
    return evidence.mutate({name: ibis.literal(Evidence._field_defaults[name], "int64") for name in absent})
