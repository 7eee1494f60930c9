"""`casedesk audit`: the verdict on the ledger, in the database or in an exported file, and what is signed of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, remark, say
from casedesk.cli.progress import bar
from casedesk.cli.session import DESK_ITSELF, Json, configured, opened
from casedesk.domain.counts import counted
from casedesk.domain.verification import Report, Verdict, not_evaluated
from casedesk.errors import CasedeskError, Invalid

if TYPE_CHECKING:
    from casedesk.domain.verification import Finding

app = typer.Typer(help="The ledger: verify it, sign it, prove it.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def verify(
    file: Annotated[Path | None, typer.Argument(help="An audit CSV or a packet. Without one, the database.")] = None,
    database: Annotated[bool, typer.Option("--database", help="Verify the database (the default).")] = False,
    json: Json = False,
) -> None:
    """Check hashes, chains, the tree, the signed checkpoints, and that the cases say what their events add up to.

    Exits 0 for VERIFIED, 1 for TAMPERED, 2 for NOT_EVALUATED: nothing to check, unreadable, or an unknown format.
    """
    if file is not None and database:
        raise Invalid("Give either a file or --database, not both.")
    row = 0
    if file is not None and file.suffix.lower() == ".zip":
        raise typer.Exit(_packet(file, json=json))
    if file is None:
        what, report = "database", _database()
    else:
        what, (report, row) = str(file), _file(file)
    emit(_json(what, report, row)) if json else _tell(report, row)
    raise typer.Exit(report.verdict.exit_code)


def _database() -> Report:
    try:
        with opened(DESK_ITSELF) as session, bar() as update:
            from casedesk.services import audit

            return audit.verify_database(
                uow=session.desk.reading(),
                progress=lambda done, total: update("Events", done, total),
                anchors=session.desk.checkpoints.anchors(),
            )
    except CasedeskError as refusal:
        return not_evaluated(str(refusal))


@app.command()
def keygen(
    name: Annotated[
        str,
        typer.Option(
            "--name",
            help="The origin of the checkpoints, such as desk.bank.example/ledger. Default: a random one.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Make the key that signs checkpoints: a file that only its owner reads, and its public key beside it.

    Give the public key to your auditors now: what they hold, nobody can exchange later.
    """
    import secrets

    from casedesk.anchoring import NoCheckpoints
    from casedesk.anchors import keys

    path = configured().key_path
    if path is None:
        raise NoCheckpoints
    key = keys.generate(name.strip() or f"casedesk-{secrets.token_hex(6)}")
    keys.save(path, key)
    say(f"The signing key is in {path}, its public key in {keys.public_path(path)}:")
    say(key.public.text())


@app.command()
def checkpoint(json: Json = False) -> None:
    """Sign the ledger as it is now, if it goes on from the newest checkpoint; otherwise refuse."""
    with opened(DESK_ITSELF) as session:
        signed = session.desk.checkpoints.make()
        problem = session.desk.checkpoints.refusal
    if problem:
        remark(problem)
    found = signed.checkpoint
    if json:
        emit(
            {
                "origin": found.origin,
                "size": found.size,
                "root": found.root.hex(),
                "file": str(signed.path),
                "new": signed.new,
            }
        )
        return
    done = "Signed" if signed.new else "Signed already:"
    say(f"{done} {counted(found.size, 'event')}, root {found.root.hex()}: {signed.path}")


@app.command()
def prove(
    event: Annotated[int, typer.Argument(help="The number of an event.", min=1)],
    size: Annotated[
        int | None, typer.Option("--size", help="Of a ledger of so many events. Default: all.", min=1)
    ] = None,
) -> None:
    """Print, as JSON, the proof that an event stands in the ledger (RFC 6962, section 2.1.1)."""
    with opened(DESK_ITSELF) as session:
        proof = session.desk.checkpoints.inclusion(event, size)
    emit(
        {
            "event_id": event,
            "leaf_index": proof.leaf,
            "leaf_hash": proof.leaf_hash.hex(),
            "tree_size": proof.size,
            "root": proof.root.hex(),
            "proof": [step.hex() for step in proof.hashes],
        }
    )


@app.command()
def consistency(
    old: Annotated[int, typer.Argument(help="The size of the older checkpoint.", min=1)],
    new: Annotated[int, typer.Argument(help="The size of the newer checkpoint.", min=1)],
) -> None:
    """Print, as JSON, the proof that one checkpoint goes on from another (RFC 6962, section 2.1.2)."""
    with opened(DESK_ITSELF) as session:
        proof = session.desk.checkpoints.consistency(old, new)
    emit(
        {
            "old_size": proof.old_size,
            "old_root": proof.old_root.hex(),
            "new_size": proof.size,
            "new_root": proof.root.hex(),
            "proof": [step.hex() for step in proof.hashes],
        }
    )


def _packet(path: Path, *, json: bool) -> int:
    """Tell what the packet's verifier says, by the desk's public keys where it has some; return the exit code."""
    from casedesk.anchors import keys
    from casedesk.services import packets

    public = configured().public_key_path
    try:
        known = keys.load_public(public) if public is not None and public.exists() else ()
        judged = packets.judge(path.read_bytes(), known)
    except OSError as error:
        judged = packets.Judged(Verdict.NOT_EVALUATED, (), f"{path} cannot be read ({error.strerror}).")
    if json:
        claims = [{"claim": c.name, "verdict": c.verdict.value, "sentence": c.sentence} for c in judged.claims]
        emit({"verdict": judged.verdict.value, "checked": str(path), "reason": judged.reason, "claims": claims})
    else:
        say(judged.verdict.value)
        if judged.reason:
            say(judged.reason)
        for claim in judged.claims:
            say(f"{claim.verdict.value:13} {claim.name:22} {claim.sentence}")
    return judged.verdict.exit_code


def _file(path: Path) -> tuple[Report, int]:
    try:
        content = path.read_bytes()
    except OSError as error:
        return not_evaluated(f"{path} cannot be read ({error.strerror}); give the path of an audit CSV."), 0
    from casedesk.services import audit

    found = audit.verify_file(content)
    return found.report, found.row


def _json(what: str, report: Report, row: int) -> dict[str, Any]:
    return {
        "verdict": report.verdict.value,
        "checked": what,
        "events": report.events,
        "cases": report.cases,
        "root": report.root,
        "anchored": report.anchored,
        "timestamp": {"covers": report.stamped[0], "at": report.stamped[1]} if report.stamped[0] else None,
        "reason": report.reason,
        "first": _finding(report.first, row) if report.first else None,
        "findings": [_finding(finding, 0) for finding in report.findings],
    }


def _finding(finding: Finding, row: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: getattr(finding, name)
        for name in ("event_id", "case_id", "case_seq", "problem", "column", "expected", "got", "ts", "user")
    }
    return {"row": row, **found} if row else found


def _tell(report: Report, row: int) -> None:
    say(report.verdict.value)
    say(f"Row {row} of the file. {report.sentence()}" if row else report.sentence())
    if len(report.findings) > 1:
        remark(f"{counted(len(report.findings) - 1, 'more finding')}; --json shows the first hundred.")
