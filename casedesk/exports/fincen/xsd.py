"""The official schema as a second opinion, where somebody has it: FinCEN's file is not shipped with the desk."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from casedesk.errors import Invalid
from casedesk.exports.fincen.document import Element
from casedesk.exports.fincen.findings import ERROR, XSD, Finding


class BadSchema(Invalid):
    """The file given as the schema is none."""


def check_schema(root: Element, path: Path) -> list[Finding]:
    """Validate a batch against a schema file.

    :raises BadSchema: if the file cannot be read as an XML schema.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        schema = etree.XMLSchema(etree.fromstring(path.read_bytes(), parser))
    except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError):
        raise BadSchema(f"{path} cannot be read as an XML schema; give the path of EFL_SARXBatchSchema.xsd.") from None
    if schema.validate(root):
        return []
    return [
        Finding(
            XSD, ERROR, error.path or "/", error.line, f"The schema {path.name} refuses it: {error.message}", "Document"
        )
        for error in schema.error_log  # type: ignore[attr-defined]  # the stubs forget that a log is a list
    ]
