"""The model in force, ready to score, kept in the memory of a process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from casedesk.domain.model_versions import SHIPPED
from casedesk.store.kept_legs import KeptLegs
from casedesk.store.unit_of_work import Reading

if TYPE_CHECKING:  # most commands never score a payment, and what does takes half a second to load
    from casedesk.modelling.scorer import Scorer


class InForce(NamedTuple):
    """The model that scores; ``version_id`` is empty for the shipped one."""

    version_id: str
    scorer: Scorer


class Scorers:
    """The model in force as ONNX Runtime and LightGBM have it: one in each process, loaded when it is first asked for.

    Its files are checked as they are loaded, and loaded anew when another version comes into force.

    :param keeps: whether what lies around payments stays in memory as well, for those that come next; one asks at a time then.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self.kept = KeptLegs() if keeps else None
        self._lock = threading.Lock()
        self._held: InForce | None = None

    def in_force(self, uow: Reading) -> InForce:
        """Return the model in force, the shipped one where none is; asked inside an open unit of work.

        :raises NoModelExtra: if the extra is not installed.
        :raises NoModelFiles, ModelAltered, Altered, OtherVersion, UnusableModel: if the model cannot be used.
        """
        version = uow.models.in_force()
        version_id = version.version_id if version else SHIPPED
        with self._lock:
            if self._held is None or self._held.version_id != version_id:
                from casedesk.modelling.scorer import Scorer
                from casedesk.services.models import files_of

                # one payment at a time: a second thread would only wait by spinning
                self._held = InForce(version_id, Scorer(files_of(uow, version), threads=1))
            return self._held
