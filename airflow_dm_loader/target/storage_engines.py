"""Storage engines: a chunk is a transaction, so tables need an engine that has them."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database

# They hold no rows of their own, or hold them elsewhere: InnoDB would be something else.
_NOT_CONVERTIBLE = frozenset({
    "MRG_MYISAM", "MERGE", "FEDERATED", "CONNECT", "SPIDER", "BLACKHOLE", "S3", "SEQUENCE", "OQGRAPH", "SPHINX",
})  # fmt: skip


# They keep a table's rows in the server, and nothing else. A load makes no table of any other.
_LOCAL = frozenset({
    "INNODB", "XTRADB", "MYISAM", "ARIA", "MEMORY", "HEAP", "ARCHIVE", "BLACKHOLE", "ROCKSDB", "TOKUDB", "COLUMNSTORE",
    "NDB", "NDBCLUSTER",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Engines:
    """A server's engines, in upper case."""

    default: str
    available: frozenset[str]
    with_transactions: frozenset[str]

    def lacks(self, engine: str | None) -> bool:
        """Whether the server has not this engine, which a CREATE names."""
        return engine is not None and _full_name(engine) not in self.available

    def problem(self, engine: str | None, *, has_data: bool) -> str | None:
        """Why rows can't be loaded into a table of this engine (None: the default one), in words."""
        name = _full_name(engine or self.default)
        if name not in self.available:
            return f"the target has no engine {name}, and would take another in silence"
        if has_data and name not in self.with_transactions:
            return f"the table's engine {engine or self.default} has no transactions: a crash could lose or double rows"
        return None


def _full_name(engine: str) -> str:
    name = engine.upper()
    return {"HEAP": "MEMORY", "MERGE": "MRG_MYISAM"}.get(name, name)


def can_convert(engine: str | None) -> bool:
    """Whether InnoDB can stand in for an engine."""
    return engine is None or engine.upper() not in _NOT_CONVERTIBLE


def reaches_out(engine: str) -> bool:
    """Whether tables of an engine can read or write elsewhere: files, other servers, other tables."""
    return engine.upper() not in _LOCAL


def ask_engines(db: Database) -> Engines:
    """The engines of the server that ``db`` is connected to."""
    rows = db.query(
        "SELECT engine, support, COALESCE(transactions, 'NO') FROM information_schema.engines",
        shape=(as_text, as_text, as_text),
    )
    usable = [
        (str(name).upper(), transactions) for name, support, transactions in rows if support in {"YES", "DEFAULT"}
    ]
    default = db.sure("SELECT @@default_storage_engine", shape=(as_text,))
    return Engines(
        default=str(default[0]),
        available=frozenset(name for name, _ in usable),
        with_transactions=frozenset(name for name, transactions in usable if transactions == "YES"),
    )
