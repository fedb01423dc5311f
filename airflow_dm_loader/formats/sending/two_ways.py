"""The two ways into a table: LOAD DATA where the rows allow it, statements for the rest."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from airflow_dm_loader.formats.base import Content_co, Delivery, Payload, Sent, TableColumns
from airflow_dm_loader.formats.sending.blocks import Block
from airflow_dm_loader.formats.sending.exactly import NotAsLoadDataError
from airflow_dm_loader.formats.sending.row_sender import RowSender
from airflow_dm_loader.state.chunks import ChunkCounts

BY_LOAD_DATA = "load data"
AS_STATEMENTS = "statements"


class TwoWayPayload(Payload[Content_co]):
    """Rows that statements can always send, and LOAD DATA where :attr:`by_load_data` says so."""

    def send(self, delivery: Delivery) -> Sent:
        """By LOAD DATA; once the server took a chunk of the table otherwise than it was sent, as statements."""
        columns, left_out = self._columns(delivery), self._left_out(delivery)
        if not (self._goes_by_load_data(delivery.table) and delivery.by_load_data):
            return replace(send_blocks(delivery, self._blocks(delivery)), columns=columns, left_out=left_out)
        try:
            return Sent(self._load_data(delivery), BY_LOAD_DATA, columns, left_out)
        except NotAsLoadDataError:
            delivery.give_up_load_data()
            raise

    @property
    @abstractmethod
    def by_load_data(self) -> bool:
        """Whether LOAD DATA reads the rows as they stand."""

    def _goes_by_load_data(self, table: TableColumns) -> bool:
        """The same, for this table."""
        return self.by_load_data

    def _columns(self, delivery: Delivery) -> frozenset[str] | None:
        """What each row has a value for, as :attr:`~airflow_dm_loader.formats.base.Sent.columns`."""
        return None

    def _left_out(self, delivery: Delivery) -> tuple[str, ...]:
        """The columns of its rows that :meth:`~airflow_dm_loader.formats.base.TableColumns.kept` does not keep."""
        return ()

    @abstractmethod
    def _load_data(self, delivery: Delivery) -> ChunkCounts:
        """Send the rows by LOAD DATA, see :func:`~airflow_dm_loader.formats.sending.exactly.load_exactly`."""

    @abstractmethod
    def _blocks(self, delivery: Delivery) -> Iterable[Block]:
        """The rows in statements that the server takes."""


def send_blocks(delivery: Delivery, blocks: Iterable[Block]) -> Sent:
    """Send rows as statements, with the load's policy for duplicates."""
    sender = RowSender(delivery)
    for block in blocks:
        sender.send(block)
    return Sent(sender.counts, AS_STATEMENTS)
