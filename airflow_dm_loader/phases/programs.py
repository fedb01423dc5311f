"""What of a dump runs, as this load takes it: read, ordered, looked at before the first row, and told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.ddl_tokens import scan
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.objects import making
from airflow_dm_loader.objects.grammar import called, named
from airflow_dm_loader.objects.kinds import EVENT, FUNCTION, TRIGGER, SchemaObject
from airflow_dm_loader.objects.making import Making
from airflow_dm_loader.objects.reading import load_objects
from airflow_dm_loader.objects.remedies import BINLOG_REMEDY
from airflow_dm_loader.report import Finding, some_of
from airflow_dm_loader.run import Dump
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.drafts import ViewDraft
from airflow_dm_loader.target.needed_privileges import Need, definer_privileges
from airflow_dm_loader.target.privileges import Privileges, ask_privileges
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.session import target_zone, user_sql_mode, user_time_zone

_SHOWN = 5
_TRUSTED = ("SUPER", "SET USER", "BINLOG ADMIN")  # of accounts whose programs may be written to the binary log


@dataclass(frozen=True)
class Programs:
    """What a dump holds that runs, as far as this load looks at it.

    Attributes:
        load: what is made, in that order.
        left_out: skipped, or of tables that go elsewhere or nowhere, with the reason.
        whole: the files of which nothing is left out.
    """

    load: tuple[SchemaObject, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()  # object or file, why
    whole: tuple[str, ...] = ()
    pieces: frozenset[str] = frozenset()  # files that are pieces of scripts

    def says_all(self, found: SchemaObject) -> bool:
        """Whether the dump says in which session an object was made: mysqldump does, before each.

        It sets no foreign_key_checks at the head of such a file, mydumper does; a piece has the head of its script.
        """
        if "sql_mode" not in found.session:
            return False
        return found.file in self.pieces or "foreign_key_checks" not in found.session


def read(dump: Dump, server: Server) -> Programs:
    """Read the files of programs that the settings ask for; the others are told by their names.

    Raises:
        NotCreateStatementError: a file holds anything else.
        TargetError: there is one of a kind that ``objects`` refuses.
    """
    rules, plan = dump.config.tables.objects, dump.plan
    if not server.can.programs:
        why = f"{server.flavour} has no triggers, stored routines and events"
        return Programs(left_out=tuple((file.name, why) for file in plan.programs))
    left_out = [(name, "routes would move it") for name in plan.left_out.routed_programs]
    places = {table.home for table in plan.tables if not table.sources or table.sources[0].name == ".".join(table.home)}
    wanted: list[SchemaObject] = []
    whole: list[str] = []
    for file in plan.programs:
        settings = ("triggers",) if file.what == "triggers" else ("routines", "events")
        if all(rules.what(setting) == "skip" for setting in settings):
            left_out.append((file.name, f"objects: {file.what} are skipped"))
            continue
        before = len(left_out)
        most = dump.config.reading.max_schema_file_bytes
        for found in load_objects(dump.storage, file.name, file.schema, file.table, most_bytes=most):
            match rules.what(found.kind.part):
                case "refuse":
                    raise _refused(found)
                case "skip":
                    left_out.append((str(found), f"objects: {found.kind.part} are skipped"))
                case _ if found.kind is TRIGGER and (found.schema, found.table) not in places:
                    left_out.append((str(found), "its table is not loaded under its own name"))
                case _:
                    wanted.append(found)
        whole += [file.name] if len(left_out) == before else []
    return Programs(tuple(_ordered(wanted)), tuple(left_out), tuple(whole), frozenset(dump.pieces))


def _refused(found: SchemaObject) -> TargetError:
    return TargetError(
        f"the dump has the {found}, and objects refuses {found.kind.part}",
        file=found.file,
        offset=found.offset,
        remedy=f"Set objects: {{{found.kind.part}: load}} to have them made, or skip to leave them out.",
    )


def _ordered(objects: Iterable[SchemaObject]) -> Iterator[SchemaObject]:
    """By kind, then as the dump has them, but for triggers that must follow another one."""
    waiting = sorted(objects, key=lambda found: found.after)
    names = {(found.schema, found.name) for found in waiting if found.kind is TRIGGER}
    while waiting:
        ready = [found for found in waiting if not names.intersection((found.schema, need) for need in found.needs)]
        for found in ready or waiting:  # of a circle the server says what it thinks
            yield found
            names.discard((found.schema, found.name))
        waiting = [found for found in waiting if ready and found not in ready]


def making_of(db: Database, config: LoadConfig) -> Making:
    row = db.one("SELECT @@GLOBAL.sql_mode", shape=(as_text,))
    return Making(
        definer=config.tables.definer or "keep",
        sql_mode=user_sql_mode(config),
        target_sql_mode=str(row[0]) if row is not None else "",
        time_zone=user_time_zone(config) or target_zone(db),
        collations=config.tables.collation_map,
    )


def needs(db: Database, server: Server, config: LoadConfig, programs: Programs) -> Iterator[Need]:
    """The privileges to make them."""
    if not programs.load:
        return
    privileges = ask_privileges(db, server)
    how = making_of(db, config)
    for found in programs.load:
        yield Need(found.kind.privilege, found.schema, found.table)
        yield from definer_privileges(how.account(found), privileges, server)


def check(db: Database, server: Server, config: LoadConfig, programs: Programs) -> tuple[str, ...]:
    """What can be known to fail before the first row; the names of those that the target has already come back.

    Raises:
        TargetError: another object of the same name, a session that the server does not know, its binary log.
    """
    if not programs.load:
        return ()
    how = making_of(db, config)
    _check_binlog(db, ask_privileges(db, server), programs.load)
    tried: list[Mapping[str, str | int]] = []
    for found in programs.load:
        if (session := how.session(found)) not in tried:
            tried.append(session)
            try:
                db.set_session(session)
            except LoaderError as error:
                raise error.at(file=found.file, offset=found.offset) from error
    known = making.there(db, programs.load)
    for found in known:
        there = making.shown(db, found)
        other = next(making.differences(found, there, config.tables.collation_map), None) if there is not None else None
        if other is not None:
            raise TargetError(
                f"the target has another {found}: it says {other}",
                file=found.file,
                offset=found.offset,
                remedy=f"Drop or rename it, or leave {found.kind.part} out (objects); then clear.",
            )
    return tuple(map(str, known))


def _check_binlog(db: Database, privileges: Privileges | None, load: Collection[SchemaObject]) -> None:
    asked = [found for found in load if found.kind in {FUNCTION, TRIGGER}]
    row = db.one("SELECT @@GLOBAL.log_bin, @@GLOBAL.log_bin_trust_function_creators", shape=(as_number, as_number))
    if not asked or row is None or not int(row[0]) or int(row[1]) or privileges is None:
        return
    if not any(privileges.allows(one) for one in _TRUSTED):
        raise TargetError(f"the account may not make {asked[0]}: the binary log is on", remedy=BINLOG_REMEDY)


def told(config: LoadConfig, programs: Programs) -> Iterator[Finding]:
    """What is left out, by name, and what a dump does not say of what is made."""
    reasons: dict[str, list[str]] = {}
    for name, why in programs.left_out:
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        yield Finding(kind="objects_left_out", text=f"not made, since {why}: {some_of(names, _SHOWN)}")
    unknown = [str(found) for found in programs.load if not programs.says_all(found) and not user_sql_mode(config)]
    if unknown:
        yield Finding(
            kind="sql_mode_of_objects",
            text="mydumper does not write with which sql_mode programs were made; they are made with the file's, else "
            f"with the target's (or with the setting sql_mode): {some_of(unknown, _SHOWN)}",
        )
    zones = [str(found) for found in programs.load if found.kind is EVENT and not programs.says_all(found)]
    if zones and not user_time_zone(config):
        yield Finding(
            kind="time_zone_of_events",
            text="mydumper does not write in which time zone an event's times are; they are read in the file's, else "
            f"in the target's (or in the setting time_zone): {some_of(zones, _SHOWN)}",
        )
    lost = [str(found) for found in programs.load if found.file not in programs.pieces and "; \n" in _texts(found)]
    if lost:
        yield Finding(
            kind="texts_of_objects",
            text="mydumper puts a blank behind a ; at a line's end, in texts too, which may not have had it: "
            f"{some_of(lost, _SHOWN)}",
        )


def _texts(found: SchemaObject) -> str:
    return "\n".join(token.text for token in scan(found.sql) if token.kind == "string")


def later_views(drafts: Iterable[ViewDraft], programs: Programs) -> tuple[ViewDraft, ...]:
    """The views that call functions of the dump, and those that read from such views: made when the functions are."""
    waiting = list(drafts)
    functions = {found.name.lower() for found in programs.load if found.kind is FUNCTION}
    later: list[ViewDraft] = []
    names: set[str] = set()
    while functions:
        found = [view for view in waiting if called(view.file.rest) & functions or named(view.file.rest) & names]
        if not found:
            break
        later += found
        names |= {view.planned.view.lower() for view in found}
        waiting = [view for view in waiting if view not in found]
    return tuple(later)
