"""A whole task file: the settings of each source's load, and ``target-database`` as fields of TargetConfig."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.choices import ImportMode
from airflow_dm_loader.settings.dm_task.checks import Fail, check_task
from airflow_dm_loader.settings.dm_task.decode import Decoder, Unused, Values
from airflow_dm_loader.settings.dm_task.keys import TASK, Unit
from airflow_dm_loader.settings.dm_task.nodes import YAML_CODE, parse_yaml
from airflow_dm_loader.settings.dm_task.settings import TLS, Settings, load_settings
from airflow_dm_loader.settings.table import SETTINGS, engines_that_read

_MOST_BYTES = 16 << 20  # whoever triggers a DAG can name any file
_REMEDY = "Correct the task file and trigger the load again."
_SEPARATOR_AT = 16  # dmctl encrypt: 16 bytes, an "@", the cipher text; in base64


@dataclass(frozen=True, slots=True)
class DmTask:
    """A task file that was read and checked. Its repr shows no value: there is a password among them."""

    origin: str
    _task: Values = field(repr=False)
    _unused: tuple[Unused, ...] = field(repr=False)

    @property
    def sources(self) -> tuple[str, ...]:
        """The source-ids of all instances, in the file's order."""
        return tuple(instance.get("source-id") for instance in self._task.get("mysql-instances"))

    def settings(self, source_id: str | None = None, engine: ImportMode | None = None) -> dict[str, Any]:
        """The settings of LoadConfig that the file says, for the load of one source.

        A task file may hold settings of every engine: those of others than the one that loads are left out.

        Args:
            source_id: which; None: the only one.
            engine: which loads, where the caller says so; None: the file's.

        Raises:
            ConfigError: there is no such source, or several and none was named (20031).
        """
        said = self._settings(source_id)
        left_out = {name for name, _ in said.of_other_engines(engine)}
        return {name: value for name, value in said.fields.items() if name not in left_out}

    def target(self, *, with_password: bool = True) -> dict[str, Any]:
        """The fields of TargetConfig that the file says. Raises ConfigError for an encrypted password (20010)."""
        return target_settings(self._task, self._fail, with_password=with_password)

    def notes(self, source_id: str | None = None, engine: ImportMode | None = None) -> tuple[str, ...]:
        """What the file says and a load of this source by this engine does not use, line by line, with whose it is."""
        own = f"mysql-instances[{self._index(source_id)}]"
        unused = [
            (unused.line, f"{unused.path} {_whose(unused)}")
            for unused in self._unused
            if unused.path.startswith(own) or not unused.path.startswith("mysql-instances[")
        ]
        settings = self._settings(source_id)
        unused += settings.left_out
        unused += [
            (line, f"{SETTINGS[name].dm_key} is for import-mode {engines_that_read(name)}; it is left out")
            for name, line in settings.of_other_engines(engine)
        ]
        said = [f"line {line}: {text}" for line, text in sorted(unused, key=lambda note: note[0])]
        if "clean-dump-file" not in self._task:
            said.append("clean-dump-file is not said: the dump is kept (DM would remove it)")
        return tuple(said)

    def locate(self, error: ConfigError, source_id: str | None = None) -> ConfigError:
        """An error of a field that the file said, with the file and the line."""
        name = re.match(r"[a-z_]*", error.message)
        line = self._settings(source_id).lines.get(name[0] if name else "", 0)
        at = f"{self.origin}, line {line}" if line else self.origin
        return ConfigError(f"{at}: {error.message}", code=error.code, remedy=error.remedy)

    def _settings(self, source_id: str | None) -> Settings:
        return load_settings(self._task, self._task.get("mysql-instances")[self._index(source_id)], self._fail)

    def _index(self, source_id: str | None) -> int:
        sources = self.sources
        if source_id is None and len(sources) == 1:
            return 0
        if source_id in sources:
            return sources.index(source_id)
        asked = "say which source_id to load" if source_id is None else f"there is no source-id {source_id!r}"
        instances = self._task.get("mysql-instances")
        lines = ", ".join(str(instance.at("source-id")) for instance in instances)
        raise self._fail(self._task.at("mysql-instances"), f"{asked}; the file has those of line {lines}", 20031)

    def _fail(self, line: int, message: str, code: int = YAML_CODE) -> ConfigError:
        return _error(self.origin, line, message, code)


def read_dm_task(task: str | Path) -> DmTask:
    """Read a task file of DM.

    Args:
        task: the file's path, or its text, which has more than one line.

    Raises:
        ConfigError: it can't be read (20018), is no YAML, has a key that DM does not know, or one of another type
            (20003), or what DM refuses too: with DM's number. No value is repeated.
    """
    if isinstance(task, str) and "\n" in task:
        origin, text = "the DM task", task
    else:
        origin, text = str(task), _read(Path(task))

    def fail(line: int, message: str, code: int = YAML_CODE) -> ConfigError:
        return _error(origin, line, message, code)

    decoder = Decoder(fail)
    values = decoder.block(parse_yaml(text, fail), TASK)
    check_task(values, fail)
    return DmTask(origin, values, tuple(decoder.unused))


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"the DM task file {path} is no file", code=20018, remedy=_REMEDY)
        if path.exists() and path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"the DM task file {path} is larger than any task file", code=20018, remedy=_REMEDY)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the DM task file {path} can't be read: {error.strerror}",
            code=20018,
            remedy="It must be there on every worker, readable for Airflow's account.",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"the DM task file {path} is not in UTF-8", code=YAML_CODE, remedy=_REMEDY) from None


def _error(origin: str, line: int, message: str, code: int) -> ConfigError:
    return ConfigError(f"{origin}, line {line}: {message}", code=code, remedy=_REMEDY)


def _whose(unused: Unused) -> str:
    if unused.key.unit is Unit.NOBODY:
        return "has no effect" + (f": {unused.key.note}" if unused.key.note else ", in DM neither")
    return f"belongs to DM's {unused.key.unit} unit; a load does not use it"


def target_settings(task: Values, fail: Fail, *, with_password: bool) -> dict[str, Any]:
    """The server, its account and its TLS.

    Args:
        with_password: take the file's password, too.

    Raises:
        ConfigError: the password is encrypted (20010), or a certificate stands in the file itself (11112).
    """
    target: Values = task.get("target-database")
    fields = {key: target.get(key) for key in ("host", "port", "user") if target.get(key) not in (None, "", 0)}
    password = target.get("password", "")
    if with_password and password:
        if is_encrypted(password):
            raise fail(
                target.at("password"),
                "target-database.password was made by dmctl encrypt, and only DM has its key: give the plain password "
                "as password=..., or use an Airflow connection",
                20010,
            )
        fields["password"] = password
    security: Values = target.get("security") or Values()
    for key, said in security.values.items():
        if said and key.endswith(("-bytes", "-base64")):
            raise fail(security.at(key), f"{key}: name a file that holds it (ssl-ca, ssl-cert, ssl-key)", 11112)
    tls = {name: security.get(key) for key, name in TLS.items() if security.get(key)}
    if tls:
        fields["ssl"] = tls
    return fields


def is_encrypted(password: str) -> bool:
    """Whether it has the form that ``dmctl encrypt`` gives."""
    try:
        raw = base64.b64decode(password, validate=True)
    except (binascii.Error, ValueError):
        return False
    return raw[_SEPARATOR_AT : _SEPARATOR_AT + 1] == b"@"
