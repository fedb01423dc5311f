"""Rows of INSERT statements as a payload.

By LOAD DATA they go as the dump's own bytes, with only the heads of statements cut out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from airflow_dm_loader.dump.heads import head_charset
from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.recoding import Recoding
from airflow_dm_loader.dump.statements import Rows
from airflow_dm_loader.dump.value_marks import Marks, Places
from airflow_dm_loader.formats.base import Delivery
from airflow_dm_loader.formats.masking import Masking, RowMasking
from airflow_dm_loader.formats.sending.exactly import NotAsLoadDataError, load_exactly
from airflow_dm_loader.formats.sending.into import (
    extracted_values,
    into_clause,
    load_data_columns,
    split_into_clause,
    with_extracted,
)
from airflow_dm_loader.formats.sending.two_ways import TwoWayPayload
from airflow_dm_loader.formats.sql.layouts import Layout, RowLayout, drop_binary_marks, pieces_without_binary_marks
from airflow_dm_loader.formats.sql.row_block import RowBlock
from airflow_dm_loader.formats.sql.row_names import row_names
from airflow_dm_loader.state.chunks import ChunkCounts

_LINE_END = {Layout.COMMA_LAST: b"),\\n", Layout.COMMA_FIRST: b")\\n"}
_LAST_LINE_END = {Layout.COMMA_LAST: b",\n", Layout.COMMA_FIRST: b"\n"}


@dataclass(frozen=True, slots=True)
class RowStatement:
    """A statement that holds rows, and what its head says."""

    rows: Rows
    statement: Statement


@dataclass(frozen=True, slots=True)
class StatementRows:
    """The statements of a chunk.

    Attributes:
        row_layout: is proven of every row, so that LOAD DATA would read them as they stand.
        as_statements: they go as statements all the same, which cost the server less.
    """

    statements: tuple[RowStatement, ...]
    row_layout: RowLayout | None = None
    recoded: Mapping[str, str] = field(default_factory=dict)  # column -> the charset of its strings, which go as UTF-8
    as_statements: bool = False


class SqlRows(TwoWayPayload[StatementRows]):
    """The rows of a chunk of a SQL file."""

    hashes = True

    @property
    def by_load_data(self) -> bool:
        return self.content.row_layout is not None and not self.content.as_statements

    def _load_data(self, delivery: Delivery) -> ChunkCounts:
        layout, table = self.content.row_layout, delivery.table
        assert layout is not None
        if layout.quote == b'"' and "ANSI_QUOTES" in delivery.head.get("sql_mode", "").upper():
            raise NotAsLoadDataError("in this file's sql_mode, double quotes are for names")
        first = self.content.statements[0].rows
        into = _into(delivery, first, self.content.statements[0].statement.text)
        name, columns = split_into_clause(into)
        names = row_names(table, first, self.content.statements[0].statement.text)
        kept = table.kept(names)
        hexed = {name for at, name in enumerate(names) if at in kept and layout.is_hex(table.types.get(name))}
        hexed -= {name for name in hexed if name.lower() in table.hashed}  # a hash is text
        if table.extracted or hexed or len(kept) < len(names):
            columns = load_data_columns(names, kept, table, dict.fromkeys(hexed, layout.decoded))
        statement = _load_statement(delivery, name, columns, layout)
        masking = self._masking(delivery, names, backslash_escapes=True, by_load_data=layout.quote)
        rows = 0

        def pieces() -> Iterator[bytes | memoryview]:
            nonlocal rows
            for each in self.content.statements:
                text, values_at = each.statement.text, each.rows.values_at
                rows += text.count(b"\n", values_at) + 1
                if masking is not None:
                    at, table_name = each.statement.offset + values_at, str(delivery.file.key)
                    masked = masking.on(
                        memoryview(text)[values_at:], file=delivery.file.name, offset=at, table=table_name
                    )
                    yield drop_binary_marks(masked) if layout.binary_marks else masked
                elif layout.binary_marks:
                    yield from pieces_without_binary_marks(text, values_at)
                else:
                    yield memoryview(text)[values_at:]
                yield _LAST_LINE_END[layout.layout]

        return load_exactly(delivery, statement, pieces(), lambda: rows, with_extracted(into, table.extracted))

    def _masking(
        self, delivery: Delivery, columns: Sequence[str], *, backslash_escapes: bool, by_load_data: bytes | None = None
    ) -> RowMasking | None:
        """``by_load_data``: the quotes of strings there; what goes to no column is still in the rows then."""
        masking = Masking.of(columns, delivery.table, head_charset(delivery.head), self.content.recoded)
        return RowMasking.of(
            masking,
            columns,
            blanks=by_load_data is not None,
            backslash_escapes=backslash_escapes,
            quote=by_load_data or b"'",
        )

    def _columns(self, delivery: Delivery) -> frozenset[str]:
        return frozenset.intersection(
            *(frozenset(name.lower() for name in names) for names in self._all_names(delivery))
        )

    def _left_out(self, delivery: Delivery) -> tuple[str, ...]:
        all_names = self._all_names(delivery)
        return tuple(sorted({name for names in all_names for name in _dropped(names, delivery.table.kept(names))}))

    def _all_names(self, delivery: Delivery) -> set[tuple[str, ...]]:
        return {row_names(delivery.table, each.rows, each.statement.text) for each in self.content.statements}

    def _blocks(self, delivery: Delivery) -> Iterator[RowBlock]:
        server = delivery.server
        for each in self.content.statements:
            yield from self._block(delivery, each).fit(server.max_allowed_packet, server.can.liked_statement_bytes)

    def _block(self, delivery: Delivery, row_statement: RowStatement) -> RowBlock:
        rows, statement, file = row_statement.rows, row_statement.statement, delivery.file
        table = delivery.table
        backslash_escapes = "NO_BACKSLASH_ESCAPES" not in delivery.head.get("sql_mode", "").upper()
        columns = row_names(table, rows, statement.text)
        kept = table.kept(columns)
        return RowBlock(
            schema=file.schema,
            table=file.table,
            into=with_extracted(_into(delivery, rows, statement.text), table.extracted),
            values=memoryview(statement.text)[rows.values_at :],
            file=file.name,
            offset=statement.offset + rows.values_at,
            backslash_escapes=backslash_escapes,
            extracted=extracted_values(table.extracted),
            marks=Marks.of(
                columns,
                table.types,
                binary=head_charset(delivery.head) == "binary",
                backslash_escapes=backslash_escapes,
            ),
            recoding=Recoding.of(columns, self.content.recoded, backslash_escapes=backslash_escapes),
            kept=Places(len(columns), kept, backslash_escapes) if len(kept) < len(columns) else None,
            masking=self._masking(delivery, columns, backslash_escapes=backslash_escapes),
            row_layout=self.content.row_layout,
        )


def _dropped(names: Sequence[str], kept: Collection[int]) -> Iterator[str]:
    return (name for at, name in enumerate(names) if at not in kept)


def _into(delivery: Delivery, rows: Rows, text: bytes | memoryview) -> bytes:
    """The table, and those of the columns whose values go there."""
    names, file = row_names(delivery.table, rows, text), delivery.file
    kept = delivery.table.kept(names)
    if len(kept) < len(names):
        return into_clause(file.schema, file.table, None, tuple(names[at] for at in kept))
    return into_clause(file.schema, file.table, rows.columns, delivery.table.row_columns)


def _load_statement(delivery: Delivery, table: bytes, columns: bytes, row_layout: RowLayout) -> bytes:
    return b"".join((
        b"LOAD DATA LOCAL INFILE '{stream}' ",
        b"REPLACE " if delivery.replace_at_once else b"",
        b"INTO TABLE " + table + b" CHARACTER SET " + head_charset(delivery.head).encode() + b" ",
        b"FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '" + row_layout.quote.replace(b"'", b"\\'"),
        b"' ESCAPED BY '\\\\' LINES STARTING BY '(' TERMINATED BY '" + _LINE_END[row_layout.layout] + b"' " + columns,
    ))  # fmt: skip
