"""A model as a folder: every file by its SHA-256 in a manifest, and the model's name by the SHA-256 of that.

Nothing is read of a folder whose files are not what the manifest says, and nothing of one that another version made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casedesk.errors import Conflict, Invalid, NotFound, Unavailable

FORMAT: Final = "casedesk-model-1"
MANIFEST: Final = "manifest.json"
FACTS, TREES, ONNX, CARD, CARD_JSON, PLOT = (
    "model.json",
    "trees.txt",
    "model.onnx",
    "card.md",
    "card.json",
    "reliability.svg",
)
FILES: Final = (FACTS, TREES, ONNX, CARD, CARD_JSON, PLOT)
_MISSING: Final = "it is missing"
#: No file of ours comes near it; a larger one is refused unread.
_LARGEST: Final = 64 * 1024 * 1024


class NoModel(NotFound):
    """The folder holds no model."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder.name} holds no model: it has no {MANIFEST}. “casedesk model train -o DIR” makes one."
        )


class Altered(Conflict):
    """A file of a model is not the one that was written."""

    def __init__(self, folder: Path, name: str, how: str) -> None:
        super().__init__(
            f"{name} of the model {folder.name} was altered: {how}. The model is not used; take the folder from where it was "
            "trained, or train it anew."
        )


class UnusableModel(Invalid):
    """The hashes of a model's files are right, and the files are not what they should be."""


class OtherVersion(Invalid):
    """The model was made by a desk whose features are others."""

    def __init__(self, folder: Path, found: object, expected: str) -> None:
        super().__init__(
            f"The model {folder.name} was made for “{str(found)[:40]}”, this desk reads “{expected}”; train it anew with this version."
        )


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model, checked. ``model_id`` is the SHA-256 of its manifest."""

    model_id: str
    facts: dict[str, Any]
    contents: Mapping[str, bytes]

    @property
    def card(self) -> dict[str, Any]:
        """The card as data."""
        found: dict[str, Any] = json.loads(self.contents[CARD_JSON])
        return found

    def text(self, name: str) -> str:
        """Return a file as text."""
        return self.contents[name].decode("utf-8")


def canonical(value: Any) -> bytes:
    """Write JSON with sorted keys, one form for one value; fractions as Python writes them, which reads back the same."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8") + b"\n"


def sha256(content: bytes) -> str:
    """Hash bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def manifest_of(contents: Mapping[str, bytes]) -> bytes:
    """Return the manifest of files."""
    return canonical({"format": FORMAT, "files": {name: sha256(contents[name]) for name in FILES}})


def id_of(contents: Mapping[str, bytes]) -> str:
    """Return the model's id, the SHA-256 of its manifest; empty where these are not the files of a model, each once."""
    return sha256(manifest_of(contents)) if set(contents) == set(FILES) else ""


def write(folder: Path, contents: Mapping[str, bytes]) -> str:
    """Write a model's files, the manifest last; return the model's id.

    :raises Unavailable: if the folder cannot be written.
    """
    manifest = manifest_of(contents)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {**contents, MANIFEST: manifest}.items():
            part = folder / f".{name}.{os.getpid()}.part"
            part.write_bytes(content)
            part.replace(folder / name)
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be written ({error.strerror}); give another one.") from None
    return sha256(manifest)


def read(folder: Path, features: str) -> ModelFiles:
    """Read a model, every file checked before it is used.

    :param features: the version of the features that this desk makes.
    :raises NoModel: if there is no manifest.
    :raises Altered: if a file is missing or is another one.
    :raises OtherVersion: if it was made for other features or in another form.
    :raises UnusableModel: if what it says of itself cannot be read.
    """
    if not (folder / MANIFEST).is_file():
        raise NoModel(folder)
    return checked({name: _content(folder, name) for name in (MANIFEST, *FILES)}, features, folder)


def checked(contents: Mapping[str, bytes], features: str, folder: Path) -> ModelFiles:
    """Check files that somebody handed over, the manifest among them; what else is there is passed over.

    :param folder: what a refusal calls the model.
    :raises NoModel, Altered, OtherVersion, UnusableModel: as :func:`read` does.
    """
    if MANIFEST not in contents:
        raise NoModel(folder)
    manifest = contents[MANIFEST]
    try:
        told = json.loads(manifest)
        found, hashes = told["format"], dict(told["files"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Altered(folder, MANIFEST, "it cannot be read as a manifest") from None
    if found != FORMAT:
        raise OtherVersion(folder, found, FORMAT)
    for name in FILES:
        if name not in contents:
            raise Altered(folder, name, _MISSING)
        if name not in hashes:
            raise Altered(folder, name, "the manifest does not name it")
        if (got := sha256(contents[name])) != hashes[name]:
            raise Altered(folder, name, f"its SHA-256 should be {str(hashes[name])[:16]}… and is {got[:16]}…")
    facts = _facts(contents, features, folder)
    return ModelFiles(sha256(manifest), facts, {name: contents[name] for name in FILES})


def of_contents(contents: Mapping[str, bytes], features: str, name: str) -> ModelFiles:
    """Take files that did not come from a folder; whether they are the right ones, the id says.

    :raises OtherVersion: if the model was made for other features.
    :raises UnusableModel: if what a model says of itself cannot be read.
    """
    return ModelFiles(sha256(manifest_of(contents)), _facts(contents, features, Path(name)), contents)


def _facts(contents: Mapping[str, bytes], features: str, folder: Path) -> dict[str, Any]:
    """Read what a model says of itself; its features' version first, because another version may say the rest in other words."""
    try:
        facts = json.loads(contents[FACTS])
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise UnusableModel(f"{FACTS} of the model {folder.name} is no such file; train it anew.")
    if facts.get("features_version") != features:
        raise OtherVersion(folder, f"features {facts.get('features_version')}", f"features {features}")
    return facts


def _content(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if path.stat().st_size > _LARGEST:
            raise Altered(folder, name, f"it has {path.stat().st_size:,} bytes, more than any file of a model")
        return path.read_bytes()
    except FileNotFoundError:
        raise Altered(folder, name, _MISSING) from None
    except OSError as error:
        raise Unavailable(f"{name} of the model {folder.name} cannot be read ({error.strerror}).") from None
