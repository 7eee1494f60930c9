"""What a killed process spilled is gone with the next run; what a living one spills is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from casedesk.detection.spill import spill_folder

#: Makes a folder with something in it, and waits.
HOLDING = """
import sys
from pathlib import Path
from casedesk.detection.spill import spill_folder
with spill_folder(Path(sys.argv[1])) as folder:
    (folder / "spilled").write_bytes(b"transactions")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with spill_folder(tmp_path) as folder:
        (folder / "spilled").write_bytes(b"transactions")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no lock there that goes with a killed process")
def test_the_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    strangers = tmp_path / "casedesk-notes"
    strangers.mkdir()
    processes = [
        subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    killed, living = (Path(process.stdout.readline().decode().strip()) for process in processes)  # type: ignore[union-attr]
    processes[0].kill()
    processes[0].communicate()
    assert (killed / "spilled").exists()
    with spill_folder(tmp_path) as folder:
        assert sorted(tmp_path.iterdir()) == sorted([folder, living, strangers])
        assert (living / "spilled").exists()
    processes[1].communicate()
    assert list(tmp_path.iterdir()) == [strangers]
