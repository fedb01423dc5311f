"""The ``metadata`` file of a dump, in both forms in which dump tools write it."""

from __future__ import annotations

from dataclasses import replace

from airflow_dm_loader.dump import metadata_ini, metadata_text
from airflow_dm_loader.dump.metadata_types import METADATA_NAME, DumpMetadata, Line, TableMetadata, read_lines
from airflow_dm_loader.errors import DumpMetadataError

__all__ = ["METADATA_NAME", "DumpMetadata", "TableMetadata", "parse_metadata"]


def parse_metadata(raw: bytes, *, require_finished: bool) -> DumpMetadata:
    """Read a ``metadata`` file.

    Lines and sections that are not known become warnings that quote them, and so do a missing binlog
    position and, without ``require_finished``, a missing finish line.

    Raises:
        DumpMetadataError: it is not a ``metadata`` file, a value in it is malformed (the line is named),
            or ``require_finished`` and the dump did not finish.
    """
    lines = read_lines(raw)
    first = next((line for line in lines if line.text.strip()), None)
    if first is None:
        raise DumpMetadataError("the dump's metadata is empty", file=METADATA_NAME)
    metadata = _form(first).parse(lines)
    warnings = list(metadata.warnings)
    if not metadata.binlog_name:
        warnings.append("metadata has no binlog position: incremental replication can't start from this dump")
    if metadata.finished_at is None:
        problem = "metadata has no 'Finished dump at' line: the dump failed, was stopped, or is still being written"
        if require_finished:
            raise DumpMetadataError(
                problem,
                file=METADATA_NAME,
                remedy="Wait for the dump to finish or dump again. With require_finished_dump off, what is there "
                "is loaded.",
            )
        warnings.append(problem)
    return replace(metadata, warnings=tuple(warnings))


def begins_itself(raw: bytes) -> bool:
    """Whether a ``metadata`` has the lines that it begins with, which mydumper leaves beside it where it streams."""
    return raw.startswith((b"# Started dump at:", b"Started dump at:"))


def _form(first: Line) -> metadata_text.TextForm | metadata_ini.IniForm:
    if first.text.startswith(("# Started dump at:", "# Finished dump at:", "[")):
        return metadata_ini.IniForm()
    if first.text.startswith(("Started dump at:", "Finished dump at:", "SHOW ")):
        return metadata_text.TextForm()
    raise first.error("starts no metadata file that dumpling or mydumper write")
