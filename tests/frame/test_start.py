"""run.sh and what it starts: the sentences of a machine that lacks something, and an environment that repairs itself."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="run.ps1 is for Windows; these tests call bash")

BACKEND = """\
# A build backend of one file, so that the test needs no package index.
import zipfile
def _wheel(folder, **_):
    name = "casedesk-0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("casedesk-0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: casedesk\\nVersion: 0\\n")
        wheel.writestr("casedesk-0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("casedesk-0.dist-info/entry_points.txt", "[console_scripts]\\ncasedesk = desk_cli:run\\n")
        wheel.writestr("casedesk-0.dist-info/RECORD", "")
        wheel.writestr("desk_cli.py", CLI)
    return name
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory)
build_wheel = build_editable
CLI = '''
import os, sqlite3, sys
def run():
    if sys.argv[1] == "where":
        print(os.getcwd(), *sys.argv[2:])
        return
    if sys.argv[1] == "seed" and os.environ.get("FAKE_FAILS"):
        sys.exit(1)
    file = os.environ.get("CASEDESK_DATABASE_URL", "").removeprefix("sqlite:///")
    if sys.argv[1] == "audit":
        for name, text in ((".key", "a key"), (".key.pub", "its public key"), (".checkpoints/000000000002.checkpoint", "signed")):
            path = os.path.splitext(file)[0] + name
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as made:
                made.write(text)
        print("ran", *sys.argv[1:3])
        return
    with sqlite3.connect(file) as connection:
        if sys.argv[1] == "db":
            connection.execute("CREATE TABLE alembic_version (version_num)")
            connection.execute("INSERT INTO alembic_version VALUES ('0002')")
            for table in ("customers", "transactions", "cases"):
                connection.execute("CREATE TABLE " + table + " (id)")
        else:
            connection.execute("INSERT INTO transactions VALUES ('U1')")
    print("ran", *sys.argv[1:3])
'''
"""


def call(folder: Path, *arguments: str, env: dict[str, str], cwd: Path | str = "/") -> subprocess.CompletedProcess[str]:
    command = [str(folder / "run.sh"), *arguments]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture
def path_without_python(tmp_path: Path) -> Path:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "env", "dirname"):
        (tools / tool).symlink_to(shutil.which(tool))
    return tools


@pytest.fixture
def bare_tree(root: Path, tmp_path: Path) -> Path:
    """The start of a checkout in a folder with a space in its name, with nothing installed and nothing to install."""
    tree = tmp_path / "a desk"
    tree.mkdir()
    shutil.copy(root / "run.sh", tree)
    shutil.copytree(root / "scripts", tree / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (tree / lock).write_text("")
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (tree / "backend.py").write_text(BACKEND)
    versions = tree / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001.py").write_text('revision: str = "0001"\ndown_revision: str | None = None\n')
    (versions / "0002.py").write_text("revision = '0002'\ndown_revision = '0001'\n")
    return tree


def test_help_names_every_command(root: Path, bare_env):
    done = call(root, "--help", env=bare_env)
    assert done.returncode == 0
    for command in (
        "run.sh test",
        "run.sh check",
        "run.sh casedesk",
        "run.sh setup",
        "CASEDESK_PORT",
        "http://localhost:8501",
    ):
        assert command in done.stdout


def test_an_unknown_command_is_refused_with_those_there_are(root: Path, bare_env):
    done = call(root, "tset", env=bare_env)
    assert done.returncode == 2
    assert "“tset” is not a command; there are open, setup, test, check, casedesk" in done.stderr


def test_a_machine_without_python_is_told_so_in_one_sentence(bare_tree: Path, path_without_python: Path):
    done = call(bare_tree, env={"PATH": str(path_without_python)})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_python_that_is_too_old_or_only_a_shim_is_passed_over(bare_tree: Path, path_without_python: Path):
    for name in ("python3.14", "python3", "python"):
        (path_without_python / name).write_text("#!/usr/bin/env bash\nexit 1\n")
        (path_without_python / name).chmod(0o755)
    assert "needs Python 3.11 or newer" in call(bare_tree, env={"PATH": str(path_without_python)}).stderr
    (path_without_python / "python3.11").symlink_to(Path(sys.executable).resolve())
    assert call(bare_tree, "--help", env={"PATH": str(path_without_python)}).returncode == 0


def test_a_python_without_venv_is_told_what_to_install(bare_tree: Path, tmp_path: Path):
    lame = tmp_path / "python"
    lame.write_text("#!/bin/sh\nexit 1\n")
    lame.chmod(0o755)
    start = bare_tree / "scripts" / "start"
    script = f"import sys; sys.path.insert(0, {str(start)!r}); sys._base_executable = {str(lame)!r}; import environment; environment.ensure(dev=False)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=60)
    assert f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr
    assert str(lame) in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "80x", "-1", "٣"])
def test_a_port_that_is_none_is_refused_before_anything_is_made(bare_tree: Path, bare_env, port: str):
    done = call(bare_tree, env=bare_env | {"CASEDESK_PORT": port})
    assert done.returncode == 1
    assert done.stderr == f"CASEDESK_PORT is “{port}”; it must be a number from 1 to 65535.\n"
    assert not (bare_tree / ".venv").exists()


def test_a_port_in_use_is_named_before_anything_is_made(bare_tree: Path, bare_env):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = call(bare_tree, env=bare_env | {"CASEDESK_PORT": str(port)})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is in use: ")
    assert not (bare_tree / ".venv").exists()


@pytest.mark.slow
def test_the_environment_and_the_database_are_made_once_and_repaired_when_half_made(
    bare_tree: Path, bare_env, tmp_path: Path
):
    file = tmp_path / "bank" / "desk.db"
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / "json.py").write_text("raise SystemExit('the wrong json')")
    env = bare_env | {
        "HOME": "",
        "PYTHONPATH": str(hostile),
        "PYTHONHOME": "/nowhere",
        "PIP_USER": "1",
        "PIP_TARGET": str(hostile),
        "PIP_NO_INDEX": "1",
        "CASEDESK_DATABASE_URL": f"sqlite:///{file.as_posix()}",
    }
    marker, stamp = bare_tree / ".venv" / "casedesk-installing", bare_tree / ".venv" / "casedesk-installed.json"

    # A demo bank that fails leaves no database behind that could be taken for a whole one.
    failed = call(bare_tree, "setup", env=env | {"FAKE_FAILS": "1"})
    assert failed.returncode == 1
    assert "“casedesk seed --customers” failed" in failed.stderr
    assert list(file.parent.iterdir()) == []

    # What an earlier database signed contradicts a new one, and is nobody's to delete.
    earlier = file.with_suffix(".checkpoints")
    earlier.mkdir()
    (earlier / "000000000001.checkpoint").write_text("signed")

    first = call(bare_tree, "setup", env=env)
    assert (first.returncode, first.stderr) == (0, "")
    assert "Installing" not in first.stdout
    assert "ran db upgrade\nran audit keygen\nran seed --customers\n" in first.stdout
    assert file.with_suffix(".key").read_text() == "a key"
    assert (earlier / "000000000002.checkpoint").exists()
    assert not (earlier / "000000000001.checkpoint").exists()
    (kept,) = file.parent.glob("desk.checkpoints.*")
    assert (kept / "000000000001.checkpoint").read_text() == "signed"
    assert json.loads(stamp.read_text())["root"] == str(bare_tree)
    before = file.read_bytes()

    second = call(bare_tree, "setup", env=env)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert file.read_bytes() == before

    # The command line runs in the caller's folder with the caller's words.
    where = call(bare_tree, "casedesk", "where", "a b", env=env, cwd=tmp_path)
    assert where.stdout == f"{tmp_path} a b\n"

    # A killed installation is not believed.
    marker.touch()
    (bare_tree / ".venv" / "left-over").touch()
    third = call(bare_tree, "setup", env=env)
    assert "Making .venv" in third.stdout
    assert not (bare_tree / ".venv" / "left-over").exists()
    assert not marker.exists()

    # Another lock is installed, into the same environment.
    (bare_tree / "requirements.lock").write_text("\n")
    fourth = call(bare_tree, "setup", env=env)
    assert "Installing" in fourth.stdout
    assert "Making" not in fourth.stdout

    # A database one migration behind is looked after.
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert "Looking after the database" in call(bare_tree, "setup", env=env).stdout
