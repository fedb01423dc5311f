"""What the value of one setting must look like, as types: a wrong one is refused where it is said."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.location import DumpLocation, StorageKind
from airflow_dm_loader.rules.error_rows import checked as checked_error_rows
from airflow_dm_loader.rules.guard import Guard
from airflow_dm_loader.settings.lightning_keys import checked_lightning, checked_options
from airflow_dm_loader.settings.session_variables import OURS, is_name

IMPORT_INTO_READS = frozenset({StorageKind.S3, StorageKind.GCS})  # TiDB's documentation lists no other
# Every text in the first charset has the same bytes and letters in the others.
_SAME_BYTES = {
    "ascii": {"latin1", "utf8mb3", "utf8mb4"},
    "utf8mb3": {"utf8mb4"},
}


def same_meaning(name: str, other: str) -> bool:
    """Whether bytes in the charset of one collation, or in this charset, are the same letters in that of the other."""
    charset, instead = _charset_of(name), _charset_of(other)
    return charset == instead or instead in _SAME_BYTES.get(charset, ())


def _charset_of(name: str) -> str:
    """The charset of a collation, or the charset itself."""
    charset = name.lower().partition("_")[0]
    return {"utf8": "utf8mb3", "uca1400": "utf8mb4"}.get(charset, charset)


def _plain_text(value: str) -> str:
    if value != value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must not start or end with a space, nor hold control characters")
    return value


def _known_location(value: str) -> str:
    _location(value)
    return value


def _sort_location(value: str) -> str:
    if _location(value).kind not in IMPORT_INTO_READS:
        raise ValueError("must be s3://bucket/prefix or gs://bucket/prefix")
    return value


def _location(value: str) -> DumpLocation:
    try:
        return DumpLocation.parse(value)
    except ConfigError as error:
        raise ValueError(f"{error.message.removeprefix('dump_uri: ')}. {error.remedy}") from None


_ACCOUNT = re.compile(
    r"(?:'([^'`]{1,80})'|`([^'`]{1,80})`|([^'`@\s]{1,80}))(?:@(?:'([^'`]*)'|`([^'`]*)`|([^'`@\s]*)))?"
)


def _definer(value: str) -> str:
    """``keep``, ``drop``, or ``replace:`` and an account as the server takes it."""
    word, colon, account = value.partition(":")
    word = word.strip().lower()
    if not colon and word in {"keep", "drop"}:
        return word
    match = _ACCOUNT.fullmatch(account.strip())
    if word != "replace" or match is None:
        raise ValueError("must be keep, drop or replace:user@host")
    user = match[1] or match[2] or match[3]
    host = next((part for part in match.groups()[3:] if part is not None), "%")
    return f"replace:`{user}`@`{host}`"


def _variable_names(value: dict[str, str | int]) -> dict[str, str | int]:
    for name in value:
        if not is_name(name):
            raise ValueError(f"{name!r} is not the name of a session variable")
        if why := OURS.get(name.lower()):
            raise ValueError(f"{name} can't be set: {why}")
    return value


def _same_bytes(value: dict[str, str]) -> dict[str, str]:
    for name, other in value.items():
        for word in (name, other):
            if not re.fullmatch(r"[A-Za-z0-9_]+", word):
                raise ValueError(f"{word!r} is not the name of a collation or charset")
        if not same_meaning(name, other):
            raise ValueError(f"{name!r} can't become {other!r}: the dump's bytes would mean other letters there")
    return {name.lower(): other for name, other in value.items()}


def _guard(value: dict[str, Any]) -> dict[str, Any]:
    Guard.of(value)
    return value


def _gzip(value: str) -> str:
    word = value.strip().lower()
    if word not in {"gz", "gzip"}:
        raise ValueError("must be gzip or gz")
    return word


def _cluster_tls(value: dict[str, str]) -> dict[str, str]:
    if unknown := sorted(set(value) - {"ca", "cert", "key"}):
        raise ValueError(f"takes ca, cert and key, not {', '.join(unknown)}")
    if value and ("ca" not in value or ("cert" in value) != ("key" in value)):
        raise ValueError("needs ca, and cert and key together or neither")
    return value


def _size(value: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?([KMGTP]i?)?B", value):
        raise ValueError("must be a size such as 200MiB or 1.5GiB")
    return value


def _source_address(value: str) -> str:
    if value and not re.fullmatch(r"(?:[^@:/\s]+@)?(?:[^@:/\s\[\]]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", value):
        raise ValueError("must be user@host:port, without a password; user and port may be left out")
    return value


Definer = Annotated[str, AfterValidator(_plain_text), AfterValidator(_definer)]
PlainText = Annotated[str, AfterValidator(_plain_text)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_plain_text)]
SchemaName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_plain_text)]
DumpUri = Annotated[str, Field(min_length=1), AfterValidator(_plain_text), AfterValidator(_known_location)]
SortUri = Annotated[str, Field(min_length=1), AfterValidator(_plain_text), AfterValidator(_sort_location)]
SessionVariables = Annotated[dict[str, str | int], AfterValidator(_variable_names)]
CollationMap = Annotated[dict[str, str], AfterValidator(_same_bytes)]
GuardRules = Annotated[dict[str, float | str | None], AfterValidator(_guard)]
ErrorRows = Annotated[dict[str, int], AfterValidator(checked_error_rows)]
Gzip = Annotated[str, AfterValidator(_gzip)]
ClusterTls = Annotated[dict[str, str], AfterValidator(_cluster_tls)]
SourceAddress = Annotated[str, AfterValidator(_plain_text), AfterValidator(_source_address)]
LightningKeys = Annotated[dict[str, dict[str, Any]], AfterValidator(checked_lightning)]
ImportIntoOptions = Annotated[dict[str, str | int | bool], AfterValidator(checked_options)]
Size = Annotated[str, AfterValidator(_size)]  # such as 200MiB
