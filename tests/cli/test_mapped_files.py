"""Files that no format describes, read without the desk: rules, exposure and model see what they would see of the desk's own format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

#: Their name of each field, and what they write for the channel.
THEIRS = {
    "transaction_id": "nr", "booked_at": "when", "from_account": "who", "to_account": "whom", "amount": "value", "channel": "how",
}  # fmt: skip
MAPPED = [word for name, column in THEIRS.items() for word in ("--map", f"{column}={name}")]
MAPPED += ["--map-value", "how:barein=CASH", "--map-value", "how:draht=WIRE", "--set", "currency=USD"]
#: Six cash deposits below 10,000 within an hour, and 9,000 of it to a listed account.
ROWS = [(f"T-{n}", f"2026-06-01T11:{8 * n:02}:00Z", "", "A", "9500.00", "CASH") for n in range(6)]
ROWS += [("T-9", "2026-06-02T09:00:00Z", "A", "BAD", "9000.00", "WIRE")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The same transactions in the desk's own format and in theirs, and a list."""
    folder = tmp_path_factory.mktemp("mapped")
    ours, theirs, listed = folder / "ours.csv", folder / "theirs.csv", folder / "list.csv"
    ours.write_text("\n".join([",".join((*THEIRS, "currency")), *(",".join((*row, "USD")) for row in ROWS)]) + "\n")
    words = {"CASH": "Barein", "WIRE": "Draht"}
    written = [",".join((*row[:-1], words[row[-1]])) for row in ROWS]
    theirs.write_text("\n".join([",".join(THEIRS.values()), *written]) + "\n")
    listed.write_text("kind,party,reason\naccount,BAD,fraud\n")
    return ours, theirs, listed


def test_rules_exposure_and_model_find_the_same_in_mapped_files(
    casedesk: Command, files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    ours, theirs, listed = files

    def told(path: Path, *words: str) -> list[str]:
        found = casedesk("detect", "--source", path, *words, "--dry-run", "--json", "--rule", "structuring")
        scored = casedesk("score", "files", path, *words, "--list", listed, "--json")
        out = tmp_path / f"{path.stem}-scores.csv"
        model = casedesk("model", "score", "--model", "default", "--data", path, *words, "--rules", "-o", out)
        assert [one.code for one in (found, scored, model)] == [0, 0, 0], (found.err, scored.err, model.err)
        return [found.out, scored.out, out.read_text()]

    alerts, exposure, scores = told(theirs, *MAPPED)
    assert [alerts, exposure, scores] == told(ours)
    assert '"structuring"' in alerts
    assert exposure == '{"party": "A", "score": 0.9}\n'
    assert scores.count("\n") > len(ROWS)


def test_a_mapping_without_files_is_refused(casedesk: Command) -> None:
    told = casedesk("detect", "--map", "value=amount")
    assert (told.code, "--map says how to read files" in told.err) == (2, True), told


def test_a_mapping_that_does_not_fit_names_column_and_option(casedesk: Command, files: tuple[Path, Path, Path]) -> None:
    wrong = casedesk("score", "files", files[1], "--list", files[2], "--map", "price=amount")
    assert (wrong.code, "price" in wrong.err) == (2, True), wrong
