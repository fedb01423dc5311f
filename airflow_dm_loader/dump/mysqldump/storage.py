"""The pieces of scripts as files of the folder that the scripts lie in."""

from __future__ import annotations

import io
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from airflow_dm_loader.dump.compression import DecodedFile
from airflow_dm_loader.dump.data_formats import SQL, Compression
from airflow_dm_loader.dump.filenames import DumpFileName, FileKind, Kind
from airflow_dm_loader.dump.mysqldump.forms import unwrapped
from airflow_dm_loader.dump.mysqldump.pieces import Piece, PieceKind, Split
from airflow_dm_loader.dump.mysqldump.session import head_of
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile
from airflow_dm_loader.dump.storage.base import Listing
from airflow_dm_loader.errors import DumpNotFoundError, LoaderError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER_BYTES = 128 << 10
_KEPT_DECODERS = 4  # of one script, that stand where somebody read to
_OLDEST_SERVER = 50700  # all that a load goes to run what stands in comments for versions until then

_KINDS: Mapping[PieceKind, tuple[Kind, str]] = {
    PieceKind.DATABASE: (FileKind.DATABASE_SCHEMA, "-schema-create.sql"),
    PieceKind.TABLE: (FileKind.TABLE_SCHEMA, "-schema.sql"),
    PieceKind.ROWS: (SQL, ".sql"),
    PieceKind.VIEW: (FileKind.VIEW_SCHEMA, "-schema-view.sql"),
    PieceKind.SEQUENCE: (FileKind.SEQUENCE_SCHEMA, "-schema-sequence.sql"),
    PieceKind.TRIGGER: (FileKind.TRIGGER_SCHEMA, "-schema-triggers.sql"),
    PieceKind.PROGRAM: (FileKind.POST_SCHEMA, "-schema-post.sql"),
    PieceKind.TABLESPACE: (FileKind.TABLESPACE, "-schema-create-tablespace.sql"),
}


@dataclass(frozen=True, slots=True)
class Script:
    """A stored script, and what it was split into."""

    file: StoredFile
    compression: Compression
    split: Split


@dataclass(frozen=True, slots=True)
class _Part:
    script: Script
    piece: Piece
    reading: DumpFileName
    head: bytes

    @property
    def file_bytes(self) -> int:
        return len(self.head) + self.piece.span_bytes


class SplitStorage(DumpStorage):
    """The folder ``inner`` with the pieces of its scripts in the place of these.

    A piece's file is called by the script, the byte where it begins, and what it is of, as in
    ``all.sql@4711 shop.orders.sql``. A script is removed once all of its pieces are asked to be.
    """

    def __init__(self, inner: DumpStorage, scripts: Sequence[Script]) -> None:
        super().__init__()
        self._inner = inner
        self._scripts = {script.file.name: script for script in scripts}
        self._parts = {name: part for script in scripts for name, part in _parts(script)}
        self._decoders: dict[str, list[DecodedFile]] = {name: [] for name in self._scripts}
        self._decoders_lock = threading.Lock()
        self._asked_to_go: set[str] = set()
        weakref.finalize(self, _close_all, self._decoders)

    @property
    def readings(self) -> Mapping[str, DumpFileName]:
        """What each piece is."""
        return {name: part.reading for name, part in self._parts.items()}

    @property
    def where(self) -> str:
        return self._inner.where

    def list_others(self) -> tuple[str, ...]:
        return self._inner.list_others()

    def is_in_folder(self, folder: str, name: str) -> bool:
        return self._inner.is_in_folder(folder, name)

    def names_in(self, folder: str, most: int) -> tuple[str, ...]:
        return self._inner.names_in(folder, most)

    def leave_if_stopped(self) -> None:
        self._inner.leave_if_stopped()

    def open(self, name: str) -> BinaryIO:
        part = self._parts.get(name)
        if part is None:
            return self._inner.open(name)
        if part.piece.kind is PieceKind.ROWS:
            return cast("BinaryIO", io.BufferedReader(_Span(self, part), _BUFFER_BYTES))
        return io.BytesIO(self._text(part))

    def find(self, name: str) -> StoredFile:
        return self._find(name) if name in self._parts else self._inner.find(name)

    def remove_folder_if_empty(self) -> bool:
        return self._inner.remove_folder_if_empty()

    def take_decoder(self, script: Script, offset: int) -> DecodedFile:
        """The script, decoded, at this byte. Who takes it gives it back, or closes it.

        A compressed script has no other way to a byte than to decode all before it: one who reads on where another has
        read to need not begin anew.
        """
        with self._decoders_lock:
            idle = self._decoders[script.file.name]
            before = [decoder for decoder in idle if decoder.offset <= offset]
            decoder = max(before, key=lambda found: found.offset, default=None)
            if decoder is not None:
                idle.remove(decoder)
        decoder = decoder or DecodedFile(self._inner, script.file.name, script.compression)
        try:
            decoder.seek(offset)
        except BaseException:
            decoder.close()
            raise
        return decoder

    def give_back(self, script: Script, decoder: DecodedFile) -> None:
        """For the next one."""
        with self._decoders_lock:
            idle = self._decoders[script.file.name]
            idle.append(decoder)
            spent = idle.pop(0) if len(idle) > _KEPT_DECODERS or decoder.seekable_cheaply else None
        if spent is not None:
            spent.close()

    def _text(self, part: _Part) -> bytes:
        """A piece that is one statement, as a file of its own: with its session, and the delimiter that ends it."""
        piece = part.piece
        decoder = self.take_decoder(part.script, piece.start)
        try:
            statement = decoder.read(piece.span_bytes) if piece.span_bytes else b""
        except BaseException:
            decoder.close()
            raise
        self.give_back(part.script, decoder)
        if piece.kind is PieceKind.VIEW:
            statement = unwrapped(statement, until=_OLDEST_SERVER)
        delimiter = piece.delimiter.encode("utf-8", "surrogateescape")
        if piece.kind in {PieceKind.TRIGGER, PieceKind.PROGRAM} and delimiter != b";":
            return part.head + b"DELIMITER %s\n%s%s\nDELIMITER ;\n" % (delimiter, statement, delimiter)
        return part.head + statement + b";\n"

    def _list_once(self) -> Listing:
        inner = self._inner.list()
        gone = self._scripts.keys() - {file.name for file in inner}
        files = [file for file in inner if file.name not in self._scripts]
        files += [
            StoredFile(name, part.file_bytes, part.script.file.version)
            for name, part in self._parts.items()
            if part.script.file.name not in gone
        ]
        return Listing(tuple(sorted(files, key=lambda file: file.name)), self._inner.list_others())

    def _find(self, name: str) -> StoredFile:
        part = self._parts.get(name)
        if part is None:
            raise DumpNotFoundError("it is no piece of a script", file=name)
        return StoredFile(name, part.file_bytes, part.script.file.version)

    def _open_at(self, file: StoredFile, offset: int) -> BinaryIO:
        stream = self.open(file.name)
        stream.seek(offset)
        return stream

    def _meaning(self, error: Exception) -> LoaderError | None:
        return None

    def _remove(self, names: Sequence[str]) -> Iterable[tuple[str, str]]:
        raise NotImplementedError("remove asks the folder itself")

    def remove(self, names: Iterable[str]) -> tuple[str, ...]:
        names = tuple(names)
        self._asked_to_go |= set(names)
        whole = [
            script
            for script in self._scripts
            if all(name in self._asked_to_go for name, part in self._parts.items() if part.script.file.name == script)
        ]
        others = [name for name in names if name not in self._parts]
        return self._inner.remove([*others, *whole])


class _Span(io.RawIOBase):
    """The head of a piece, and its span of the script."""

    def __init__(self, storage: SplitStorage, part: _Part) -> None:
        super().__init__()
        self._storage = storage
        self._part = part
        self._at = 0
        self._decoder: DecodedFile | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._part.file_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        some = self._read(min(len(view), self._part.file_bytes - self._at))
        view[: len(some)] = some
        self._at += len(some)
        return len(some)

    def _read(self, most: int) -> bytes:
        if most <= 0:
            return b""
        head, piece = self._part.head, self._part.piece
        if self._at < len(head):
            return head[self._at : self._at + most]
        offset = piece.start + self._at - len(head)
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            decoder = self._storage.take_decoder(self._part.script, offset)
        try:
            if decoder.offset != offset:
                decoder.seek(offset)
            some = decoder.read(most)
        except BaseException:
            decoder.close()
            raise
        self._decoder = decoder
        return some

    def close(self) -> None:
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            self._storage.give_back(self._part.script, decoder)
        super().close()


def _parts(script: Script) -> Iterable[tuple[str, _Part]]:
    heads = [head_of(values) for values in script.split.sessions]
    for piece in script.split.pieces:
        kind, ending = _KINDS[piece.kind]
        of = f"{piece.schema}.{piece.table}" if piece.table and piece.schema else piece.schema or piece.table
        has_number = piece.kind in {PieceKind.ROWS, PieceKind.TRIGGER, PieceKind.PROGRAM}
        reading = DumpFileName(
            kind,
            piece.schema or None,
            piece.table or None,
            (piece.number,) if has_number else (),
        )
        yield f"{script.file.name}@{piece.start} {of}{ending}", _Part(script, piece, reading, heads[piece.session])


def _close_all(decoders: Mapping[str, list[DecodedFile]]) -> None:
    for idle in decoders.values():
        for decoder in idle:
            decoder.close()
