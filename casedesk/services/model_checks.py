"""Hold the files of the model's versions, and what they scored, against the ledger."""

from __future__ import annotations

from casedesk.domain.events import ModelProposed, ModelScored
from casedesk.domain.model_versions import scores_digest
from casedesk.domain.verification import Verifier
from casedesk.modelling import model_files
from casedesk.services.run_trust import in_units, trust_of
from casedesk.store.unit_of_work import Reading, Writing


def check_model_files(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare the files of every version with the id in the event that proposed it. A version without files is none: it cannot score."""
    for event in uow.ledger.of_desk((ModelProposed.action,)):
        version_id, expected = event.data["version_id"], event.data["model_id"]
        contents = uow.models.files(version_id)
        found = model_files.id_of(contents)
        if contents and found != expected:
            verifier.find_state(version_id, "The files are not those of the model.", "model_id", expected, found)


def check_model_scores(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare the scores of every run with the digest in its event, and its drift with the factor that was made of it."""
    for event in uow.ledger.of_desk((ModelScored.action,)):
        run_id, digest = event.data["model_run_id"], event.data["scores_sha256"]
        scores = uow.models.scores(run_id)
        found = scores_digest((one.account_id, one.score, one.band, one.transaction_id, one.parts) for one in scores)
        if found != digest:
            verifier.find_state(run_id, "The scores are not those that the model gave.", "scores_sha256", digest, found)
        expected = event.data.get("trust_millionths")
        trust = None if expected is None else _trust(uow, run_id)
        if trust != expected:
            problem = "The drift is not what the scores were held back by."
            verifier.find_state(run_id, problem, "trust_millionths", str(expected), str(trust))


def _trust(uow: Reading | Writing, run_id: str) -> int | None:
    """Return the factor that a run's drift makes, in millionths; None where there is no such run, or its drift cannot be read."""
    run = uow.models.run(run_id)
    try:
        return None if run is None else in_units(trust_of(run))
    except (ValueError, TypeError, AttributeError):
        return None
