"""What may be said on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

EXIT_CODES = """\
exit codes:
  0  done; plan: nothing stands in the way; status: no load waits for somebody
  1  a person must act first; plan: the load would stop at problems
  2  what was said here, or in the settings, is wrong
  3  a load waits for somebody who accepts what was found (34020, 34021, 34101, 34102)
  4  the same command can succeed later: it resumes
"""


class _NoPassword(argparse.Action):
    """Other users of the machine see what is said on a command line, and so do shells' histories."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        parser.error(
            "a password is not taken from the command line: put it into DM_LOADER_PASSWORD, into an option file "
            "(--option-file), or into an Airflow connection (--conn-id)"
        )


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    whole = argparse.ArgumentParser(
        prog="python -m airflow_dm_loader",
        description="Load dumps into TiDB, MySQL or MariaDB, and ask what loads are doing.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    status = _command(commands, "status", "what is stored of each load: how far it is, since when, by whom")
    status.add_argument("--task-name", help="only this load task's")
    for name, what in (("plan", "what a load would do; nothing is changed"), ("load", "load a dump, or resume it")):
        _settings(_command(commands, name, what, meta_schema=False))
    forget = _command(commands, "forget", "remove what is stored of a load; its rows stay in their tables")
    _load(forget)
    forget.add_argument("--source-id", help="only this source's load; without it all of the load task's")
    forget.add_argument("--yes", action="store_true", help="also loads that have not finished, which can't resume then")
    prune = _command(commands, "prune", "remove what is stored of loads that finished long ago")
    prune.add_argument("--keep-loads", type=_at_least_one, metavar="N", help="keep the newest N of each table")
    prune.add_argument("--keep-days", type=_at_least_one, metavar="N", help="keep those of the last N days")
    prune.add_argument("--dry-run", action="store_true", help="only show what would be removed")
    replay = _command(commands, "replay", "load rows again that a load has set aside in the conflict table")
    _load(replay)
    replay.add_argument("--source-id", help="only this source's rows; without it all of the load task's")
    replay.add_argument("--replace", action="store_true", help="rows with the same key give way; else they stay")
    replay.add_argument("--hide-values", action="store_true", help="show no value of a row")
    restore = _command(commands, "restore", "put back the tables that a load task's last swap replaced")
    _load(restore)
    restore.add_argument(
        "--swap-rebuild",
        action=argparse.BooleanOptionalAction,
        help="drop triggers and foreign keys of other tables that hang on them, and make them again; else as the load",
    )
    return whole


def _command(commands: Any, name: str, what: str, *, meta_schema: bool = True) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=what,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    found.add_argument("--json", action="store_true", help="one JSON document instead of tables and sentences")
    if meta_schema:
        found.add_argument(
            "--meta-schema", default="dm_meta", help="the schema that holds the state (default: dm_meta)"
        )
    server = found.add_argument_group("the server", "Its password is in DM_LOADER_PASSWORD, in the option file or in "
                                      "the Airflow connection.")  # fmt: skip
    server.add_argument("--conn-id", help="an Airflow connection, instead of all the others")
    server.add_argument(
        "--option-file", metavar="FILE", help="a client's option file: its groups [client], [dm_loader]"
    )
    server.add_argument("--host")
    server.add_argument("--port", type=int)
    server.add_argument("--user")
    server.add_argument("--socket", metavar="FILE")
    server.add_argument("--ssl-ca", metavar="FILE", help="verify the server's certificate with this CA")
    server.add_argument("-p", "--password", nargs="?", action=_NoPassword, help=argparse.SUPPRESS)
    return found


def _load(found: argparse.ArgumentParser) -> None:
    found.add_argument("--task-name", required=True)


def _settings(found: argparse.ArgumentParser) -> None:
    settings = found.add_argument_group("the load", "Settings by their names: docs/settings.md.")
    settings.add_argument("--config", metavar="FILE", help="settings in JSON or YAML")
    settings.add_argument("--dm-task", metavar="FILE", help="DM's task.yaml")
    settings.add_argument("--source-id", help="which of its sources; else as the setting source_id")
    settings.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="a setting, before all others; JSON, or a text"
    )
    reached = found.add_argument_group("Airflow connections of what else is needed")
    reached.add_argument("--dump-conn-id", help="of the dump's storage; else its client library's own environment")
    reached.add_argument("--compare-with-conn-id", help="of the server that the dump was made of")
    reached.add_argument(
        "--replica-conn-id", action="append", default=[], help="of a replica of the target, for max_replica_lag_s"
    )
    reached.add_argument("--etcd-conn-id", help="of the barrier's etcd")
    reached.add_argument(
        "--mask-conn-id", help="whose password is the key of mask: sha2; else it is in DM_LOADER_MASK_KEY"
    )


def _at_least_one(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a number from 1 on")
    return int(text)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was said. Exits with 2 where that is wrong."""
    found = parser()
    said = found.parse_args(arguments)
    if said.command == "prune" and said.keep_loads is None and said.keep_days is None:
        found.error("prune: say --keep-loads, --keep-days or both")
    others = [said.option_file, said.host, said.port, said.user, said.socket, said.ssl_ca]
    if said.conn_id is not None and any(other is not None for other in others):
        found.error("--conn-id says all of the server: leave the other options out")
    return said
