"""MySQL's charsets are read as the servers read them, or refused."""

from __future__ import annotations

from contextlib import closing

import pytest

from airflow_dm_loader.dump.codecs import UnknownLettersError, decode, encode
from tests.servers import AnyServer

MULTIBYTE = ("big5", "cp932", "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "sjis", "ujis")
SINGLE = (
    "ascii", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "greek", "hebrew", "hp8", "koi8r",
    "koi8u", "latin1", "latin2", "latin5", "latin7", "macce", "macroman", "tis620",
)  # fmt: skip
PER_QUERY = 1024


@pytest.mark.servers
@pytest.mark.parametrize("charset", [*SINGLE, *MULTIBYTE])
def test_each_letter_is_the_servers(charset: str, server: AnyServer, server_kind: str) -> None:
    if server_kind == "tidb" and charset != "gbk":
        return  # its latin1 holds UTF-8, and it converts gbk and gb18030 alone
    letters = [bytes([first]) for first in range(128, 256)]
    if charset in MULTIBYTE:
        letters += [bytes([first, second]) for first in range(0x81, 0xFF) for second in range(0x40, 0xFF)]
    known = {raw: text for raw in letters if (text := decoded(raw, charset)) is not None}
    assert len(known) > 50 or charset == "ascii"
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM information_schema.character_sets WHERE character_set_name = %s", (charset,))
        if not cursor.fetchall():
            return  # MariaDB has no gb18030
        asked = list(known)
        for at in range(0, len(asked), PER_QUERY):
            part = asked[at : at + PER_QUERY]
            exprs = (f"HEX(CONVERT(CONVERT(X'{raw.hex()}' USING {charset}) USING utf8mb4))" for raw in part)
            cursor.execute("SELECT " + ", ".join(exprs))
            (answers,) = cursor.fetchall()
            assert dict(zip(part, answers, strict=True)) == {raw: known[raw].encode().hex().upper() for raw in part}


def decoded(raw: bytes, charset: str) -> str | None:
    try:
        text = decode(raw, charset)
    except UnknownLettersError:
        return None
    return text if len(text) == 1 else None


@pytest.mark.parametrize("charset", [*SINGLE, *MULTIBYTE, "utf8mb4"])
def test_what_is_read_is_written_back(charset: str) -> None:
    for raw in (bytes([first]) for first in range(256)):
        try:
            text = decode(raw, charset)
        except UnknownLettersError:
            continue
        assert encode(text, charset) == raw


@pytest.mark.parametrize(
    ("raw", "charset"),
    [(b"\xff", "utf8mb4"), (b"\x81\x5f", "sjis"), (b"\xe9", "swe7"), (b"\xe9", "geostd8"), (b"\x00a", "utf16"),
     (b"a", "utf32"), (b"\xc3", "gbk")],
)  # fmt: skip
def test_what_is_not_certain_is_refused(raw: bytes, charset: str) -> None:
    with pytest.raises(UnknownLettersError):
        decode(raw, charset)


@pytest.mark.parametrize(("text", "charset"), [("日", "latin1"), ("é", "ascii"), ("€", "greek"), ("a", "utf16")])
def test_letters_that_a_charset_has_not(text: str, charset: str) -> None:
    with pytest.raises(UnknownLettersError):
        encode(text, charset)
