"""Compares a loaded table with the tables that it was dumped from, where somebody still has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.verify.aggregate import READING_SESSION, Aggregate, NotComparableError, ask_aggregate
from airflow_dm_loader.verify.column_forms import ComparedColumns, ask_columns, compared_columns
from airflow_dm_loader.verify.tables import Compared


def source_tables(plan: LoadPlan) -> Mapping[TableName, tuple[TableName, ...]]:
    """Target table -> the tables of the dump whose rows go there, by their own names."""
    return {table.key: tuple(source.key for source in table.sources) for table in plan.tables}


@dataclass(frozen=True, slots=True)
class Source:
    """The server that a dump was made of, and which of its tables went where."""

    config: TargetConfig
    tables: Mapping[TableName, tuple[TableName, ...]]
    stop: Callable[[], bool] | None = None
    left_out: Mapping[TableName, Mapping[str, str]] = field(default_factory=dict)  # target table -> column -> why not

    @contextmanager
    def comparer(self, target: TargetConfig, session: Mapping[str, str | int]) -> Iterator[SourceComparer]:
        """Connect to both servers; ``session`` are the user's variables for the target."""
        with (
            Database.open(self.config, session=READING_SESSION, stop=self.stop) as source_db,
            Database.open(target, session={**session, **READING_SESSION}, stop=self.stop) as target_db,
        ):
            flavours = ask_server(source_db).can.writes_like, ask_server(target_db).can.writes_like
            yield SourceComparer(self.tables, self.left_out, source_db, target_db, flavours)


@dataclass(frozen=True, slots=True)
class SourceComparer:
    """Compares tables one after another; each is read whole, once at either server."""

    tables: Mapping[TableName, tuple[TableName, ...]]
    left_out: Mapping[TableName, Mapping[str, str]]
    source_db: Database
    target_db: Database
    flavours: tuple[Flavour, Flavour]  # the source's, the target's

    def compare(self, schema: str, table: str) -> Compared:
        """What the comparison of one target table with its sources found."""
        here = TableName(schema, table)
        sources = self.tables.get(here) or (here,)
        try:
            parts = [(source, self._columns(source, here)) for source in sources]
            first, columns = parts[0]
            for other, others in parts[1:]:
                if others.target != columns.target:
                    raise NotComparableError(f"{other} has other columns than {first}")
            dumped = Aggregate()
            for source, compared in parts:
                dumped += ask_aggregate(self.source_db, *source, compared.source)
            loaded = ask_aggregate(self.target_db, schema, table, columns.target)
        except NotComparableError as error:
            return "not_compared", f"not compared with the source: {error}"
        finally:  # the next table is read as it is then
            self.source_db.rollback()
            self.target_db.rollback()
        if loaded != dumped:
            names = ", ".join(map(str, sources))
            return "differs", f"the table ({loaded}) differs from the source's {names} ({dumped})"
        return "passed", "; ".join(f"not compared with the source: {text}" for text in columns.left_out)

    def _columns(self, source: TableName, target: TableName) -> ComparedColumns:
        there = ask_columns(self.source_db, *source)
        if not there:
            raise NotComparableError(f"it has no table {source}, or hides it")
        left_out = {name.lower(): why for name, why in self.left_out.get(target, {}).items()}
        loaded = [column for column in there if column.name.lower() not in left_out]
        compared = compared_columns(loaded, ask_columns(self.target_db, *target), self.flavours)
        compared = replace(
            compared, left_out=(*compared.left_out, *(f"{name}: {why}" for name, why in left_out.items()))
        )
        if compared.unknown:
            raise NotComparableError(f"the target lacks columns of it: {', '.join(compared.unknown)}")
        if not compared.source:
            raise NotComparableError("; ".join(compared.left_out))
        return compared
