from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.metadata import DumpMetadata, TableMetadata, parse_metadata
from airflow_dm_loader.errors import DumpMetadataError
from airflow_dm_loader.identifiers import TableName
from tests.dump import dumpling

TEXT = """Started dump at: 2026-11-23 17:29:14
SHOW MASTER STATUS:
\tLog: vm-bin.000001
\tPos: 606443
\tGTID:0-7-28

Finished dump at: 2026-11-23 17:29:15
"""

INI = """# Started dump at: 2026-11-23 17:29:14
[config]
quote-character = BACKTICK

[myloader_session_variables]
SQL_MODE='NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION' /*!40101

[source]
# Channel_Name = '' # It can be use to setup replication FOR CHANNEL
# executed_gtid_set = "0-7-28"
# SOURCE_LOG_FILE = "vm-bin.000001"
# SOURCE_LOG_POS = 606443

[`shop`.`orders`]
real_table_name=orders
rows = 2400
data_checksum = 1869348073
schema_checksum = f74aece4
indexes_checksum = e74c896e
triggers_checksum = C84380B0

[`shop`.`v`]
real_table_name=v
rows = 0
is_view = 1

[`shop`]
schema_checksum = E7DF63B3
post_checksum = DB895089
events_checksum = 886E609
[config]
max-statement-size = 95729
num-sequences = 0
# Finished dump at: 2026-11-23 17:29:15
"""


def parse(text: str, *, require_finished: bool = True) -> DumpMetadata:
    return parse_metadata(text.encode(), require_finished=require_finished)


def ini_with(section: str) -> str:
    return INI.replace("[config]\nmax-statement", f"{section}\n[config]\nmax-statement")


def fails(text: str, *words: str) -> None:
    with pytest.raises(DumpMetadataError) as caught:
        parse(text)
    assert caught.value.code == 11001
    for word in words:
        assert word in str(caught.value)


# The text form


def test_text_form() -> None:
    metadata = parse(TEXT)
    assert metadata == DumpMetadata(
        tool="text",
        started_at="2026-11-23 17:29:14",
        finished_at="2026-11-23 17:29:15",
        binlog_name="vm-bin.000001",
        binlog_pos=606443,
        binlog_gtid="0-7-28",
    )


def test_a_gtid_set_on_several_lines_is_put_together() -> None:
    assert parse(dumpling.metadata_text()).binlog_gtid == ",".join(dumpling.GTID_LINES)


def test_the_position_is_that_of_the_first_block() -> None:
    metadata = parse(dumpling.metadata_text())
    assert (metadata.binlog_name, metadata.binlog_pos) == ("mysql-bin.000003", 1274)
    assert metadata.warnings == ()


def test_the_position_after_the_connections_never_counts_even_if_it_comes_first() -> None:
    later = "SHOW MASTER STATUS: /* AFTER CONNECTION POOL ESTABLISHED */\n\tLog: vm-bin.000002\n\tPos: 9\n\tGTID:\n\n"
    assert parse(TEXT.replace("SHOW MASTER", later + "SHOW MASTER")) == parse(TEXT)


def test_where_the_source_replicates_from_is_not_the_position() -> None:
    replica = (
        "SHOW SLAVE STATUS:\n\tConnection name: c\n\tHost: 10.0.0.1\n\tLog: other.000009\n\tPos: 5\n\tGTID:1-1-1\n\n"
    )
    before = TEXT.replace("SHOW MASTER", replica + "SHOW MASTER")
    after = TEXT.replace("Finished", replica + replica + "Finished")
    assert parse(before) == parse(after) == parse(TEXT)


def test_newer_servers_call_it_binary_log_status() -> None:
    assert parse(TEXT.replace("MASTER", "BINARY LOG")) == parse(TEXT)


@pytest.mark.parametrize("gtid", ["", " ", "(null)", " (null) "])
def test_an_empty_gtid_set(gtid: str) -> None:
    assert parse(TEXT.replace("GTID:0-7-28", f"GTID:{gtid}")).binlog_gtid == ""


def test_no_binlog_is_a_warning_and_empty_strings() -> None:
    metadata = parse("Started dump at: 2026-11-23 17:29:14\nFinished dump at: 2026-11-23 17:29:15\n")
    assert (metadata.binlog_name, metadata.binlog_pos, metadata.binlog_gtid) == ("", None, "")
    assert len(metadata.warnings) == 1
    assert "no binlog position" in metadata.warnings[0]


@pytest.mark.parametrize("text", [TEXT, INI, dumpling.metadata_text()])
def test_windows_line_ends_change_nothing(text: str) -> None:
    assert parse(text.replace("\n", "\r\n")) == parse(text)


@pytest.mark.parametrize("text", [TEXT, INI])
def test_no_finish_line_is_an_error_unless_allowed(text: str) -> None:
    cut = "".join(line for line in text.splitlines(keepends=True) if "Finished" not in line)
    fails(cut, "Finished dump at", "require_finished_dump")
    metadata = parse(cut, require_finished=False)
    assert metadata.finished_at is None
    assert any("Finished dump at" in warning for warning in metadata.warnings)


@pytest.mark.parametrize("text", [TEXT, INI, dumpling.metadata_text()])
@given(data=st.data())
def test_a_cut_file_never_looks_finished(text: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(text) - 2))
    with pytest.raises(DumpMetadataError):
        parse(text[:length])


def test_a_line_that_is_not_known_is_quoted_in_a_warning() -> None:
    metadata = parse(TEXT.replace("Finished", f"Weather: {'rain ' * 100}\nFinished"))
    assert len(metadata.warnings) == 1
    assert "line 7 ('Weather: rain" in metadata.warnings[0]
    assert len(metadata.warnings[0]) < 250


def test_a_second_position_without_a_remark_is_a_warning() -> None:
    block = "SHOW MASTER STATUS:\n\tLog: vm-bin.000002\n\tPos: 4\n\tGTID:\n"
    metadata = parse(TEXT.replace("Finished", block + "Finished"))
    assert metadata.binlog_name == "vm-bin.000001"
    assert "line 7 ('SHOW MASTER STATUS:')" in metadata.warnings[0]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("606443", "60x", ("line 4", "number")),
        ("Pos: 606443", "Pos:", ("line 4", "number")),
        ("\tPos: 606443\n", "", ("line 2", "number")),
        ("Log: vm-bin.000001", "Log:", ("line 2", "binlog file")),
        ("GTID:0-7-28", "GTID:0-7-28,", ("line 5", "GTID")),
        ("23 17:29:15", "23 17:2", ("line 7", "date and time")),
        ("\tPos", "\tLog: b\n\tPos", ("line 4", "second time")),
        ("GTID:0-7-28", "GTID:\x00", ("line 5", "not text")),
    ],
)
def test_a_malformed_line_of_the_text_form_is_named(before: str, after: str, words: tuple[str, ...]) -> None:
    fails(TEXT.replace(before, after), *words)


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", b"hello\n", b"\x1f\x8b\x08\x00", b"CREATE TABLE t", b"Started dump at: \xff"]
)
def test_what_is_no_metadata_file_is_refused(raw: bytes) -> None:
    with pytest.raises(DumpMetadataError):
        parse_metadata(raw, require_finished=False)


@given(st.binary(max_size=200) | st.text(alphabet="[]`#=\n SHOWMASTER:Pos1").map(str.encode))
def test_garbage_is_refused_in_our_words(raw: bytes) -> None:
    with suppress(DumpMetadataError):
        assert parse_metadata(raw, require_finished=False).tool in ("text", "ini")


# The INI form


def test_ini_form() -> None:
    metadata = parse(INI)
    assert metadata == DumpMetadata(
        tool="ini",
        started_at="2026-11-23 17:29:14",
        finished_at="2026-11-23 17:29:15",
        binlog_name="vm-bin.000001",
        binlog_pos=606443,
        binlog_gtid="0-7-28",
        tables={
            TableName("shop", "orders"): TableMetadata(
                "orders", 2400, "1869348073", "f74aece4", "e74c896e", "C84380B0"
            ),
            TableName("shop", "v"): TableMetadata("v", 0, is_view=True),
        },
        file_tables={
            TableName("shop", "orders"): TableName("shop", "orders"),
            TableName("shop", "v"): TableName("shop", "v"),
        },
        session_variables={"SQL_MODE": "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION"},
        ddl_in_table_charset=True,
    )


@pytest.mark.parametrize(
    "section",
    [
        "[master]\nFile = vm-bin.000001\nPosition = 606443\nExecuted_Gtid_Set = 0-7-28\n",
        '[source]\n#SOURCE_HOST = "h"\n#SOURCE_PORT = \n#SOURCE_PASSWORD = ""\nSOURCE_SSL = 1\n'
        'executed_gtid_set = "0-7-28"\n'
        'SOURCE_LOG_FILE = "vm-bin.000001"\nSOURCE_LOG_POS = 606443\n#SOURCE_AUTO_POSITION = {0|1}\n'
        "myloader_exec_change_source = 1\n",
    ],
)
def test_older_and_other_ways_to_give_the_position(section: str) -> None:
    start, end = INI.index("[source]"), INI.index("[`shop`.`orders`]")
    assert parse(INI[:start] + section + INI[end:]) == parse(INI)


def test_ini_without_a_source_section_has_no_position() -> None:
    start, end = INI.index("[source]"), INI.index("[`shop`.`orders`]")
    metadata = parse(INI[:start] + INI[end:])
    assert (metadata.binlog_name, metadata.binlog_pos, metadata.binlog_gtid) == ("", None, "")
    assert "no binlog position" in metadata.warnings[0]


def test_where_the_source_replicates_from_is_skipped() -> None:
    assert parse(ini_with('[replication.eu.west]\n# SOURCE_LOG_FILE = "x"\n# SOURCE_LOG_POS = 1')) == parse(INI)


def test_double_quotes_as_the_quote_character() -> None:
    metadata = parse(INI.replace("BACKTICK", "DOUBLE_QUOTE").replace("`", '"'))
    assert metadata.quote_character == '"'
    assert metadata.tables == parse(INI).tables


def test_real_names_and_names_in_files() -> None:
    metadata = parse(ini_with("[`shop`.`mydumper_0`]\nreal_table_name=a.b`` ]c\nrows = 3"))
    assert metadata.file_tables[TableName("shop", "mydumper_0")] == ("shop", "a.b` ]c")
    assert metadata.tables[TableName("shop", "a.b` ]c")] == TableMetadata("a.b` ]c", 3)


def test_a_stand_in_without_a_real_name_stands_for_nothing() -> None:
    assert ("shop", "mydumper_0") not in parse(ini_with("[`shop`.`mydumper_0`]\nrows = 3")).file_tables


def test_a_real_name_keeps_its_leading_space() -> None:
    metadata = parse(ini_with("[`shop`.`mydumper_0`]\nreal_table_name= x"))
    assert metadata.file_tables[TableName("shop", "mydumper_0")] == ("shop", " x")


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("[`a.b`.`c]d`]", ("a.b", "c]d")),
        ("[`a``b`.`c``.``d`]", ("a`b", "c`.`d")),
        ('[`a`.`b"c`]', ("a", 'b"c')),
        ("[`a`.`two\u10000lines`]", ("a", "two\nlines")),
        ("[`a`.`[b]`]", ("a", "[b]")),
    ],
)
def test_section_names_are_quoted_identifiers(section: str, key: tuple[str, str]) -> None:
    assert parse(ini_with(f"{section}\nrows = 1")).tables[TableName(*key)].rows == 1


def test_older_keys_are_capitalized() -> None:
    assert parse(ini_with("[`shop`.`x`]\nRows = 7")).tables[TableName("shop", "x")].rows == 7


def test_sequences_are_told() -> None:
    assert parse(ini_with("[`shop`.`s`]\nrows = 1\nis_sequence = 1")).tables[TableName("shop", "s")].is_sequence


def test_checksums_that_the_server_did_not_give_are_none() -> None:
    assert parse(ini_with("[`shop`.`s`]\ndata_checksum = (null)")).tables[TableName("shop", "s")].data_checksum is None


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[weather]\nrain = 1", "metadata section line 31 ('[weather]') is not known"),
        ("[`shop`.`x`]\ncolour = red", "metadata line 32 ('colour = red') is not known"),
        ("[`shop`.`x`]\nred", "metadata line 32 ('red') is not known"),
        ("[`shop`]\nrows = 1", "metadata line 32 ('rows = 1') is not known"),
        ("[config]\ncolour = red", "metadata line 32 ('colour = red') is not known"),
        ("# a remark", "metadata line 31 ('# a remark') is not known"),
    ],
)
def test_what_is_not_known_is_quoted_in_one_warning(section: str, words: str) -> None:
    assert [warning for warning in parse(ini_with(section)).warnings if words in warning] == list(
        parse(ini_with(section)).warnings
    )
    assert parse(ini_with(section)).warnings


def test_a_password_of_the_source_is_never_quoted() -> None:
    metadata = parse(ini_with("[source]\nSOURCE_PASSWORD = s3cret\nSECRET_TOKEN = s3cret\ns3cret"))
    assert len(metadata.warnings) == 2
    assert "s3cret" not in " ".join(metadata.warnings)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[`shop`.`x`]\nrows = 12x", ("line 32", "number")),
        ("[`shop`.`x`]\nrows = ", ("line 32", "no value")),
        ("[`shop`.`x`]\nrows = -1", ("line 32", "number")),
        ("[`shop`.`x`]\nreal_table_name=", ("line 32", "no value")),
        ("[`shop`.`x`]\nis_view = yes", ("line 32", "0 or 1")),
        ("[`shop`.`x`]\ndata_checksum = 12ab", ("line 32", "number")),
        ("[`shop`.`x`]\nschema_checksum = xyz", ("line 32", "hexadecimal")),
        ("[`shop`.`orders`]", ("line 31", "second time")),
        ("[`shop`.`x`]\nreal_table_name=orders", ("line 31", "second time")),
        ("[`shop`.`x]", ("line 31", "quote character")),
        ("[`sho`p`.`x`]", ("line 31", "quote character")),
        ('["shop"."x"]', ("line 31", "quote character")),
        ("[config]\nquote-character = COMMA", ("line 32", "BACKTICK")),
        ("[source]\nSOURCE_LOG_POS = 60x", ("line 32", "number")),
        ("[myloader_session_variables]\nSQL_MODE='NO_AUTO", ("line 32", "session variable")),
        ("[`shop`.`x`]\nrows = 1\x01", ("line 32", "not text")),
    ],
)
def test_a_malformed_line_of_the_ini_form_is_named(section: str, words: tuple[str, ...]) -> None:
    fails(ini_with(section), *words)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_any_name_comes_back_from_its_section(name: str) -> None:
    quoted = name.replace("`", "``")
    metadata = parse(ini_with(f"[`{quoted}`.`mydumper_7`]\nreal_table_name={quoted}\nrows = 1"))
    assert metadata.tables[TableName(name, name)].rows == 1


def test_a_session_variable_of_many_blanks_is_read_in_one_pass() -> None:
    blanks = " " * 1_000_000
    raw = f"# Started dump at: 2026-11-23 17:29:14\n[myloader_session_variables]\nSQL_MODE='a'{blanks}/*!40101\n"
    raw += f"TIME_ZONE=x{blanks}x\n# Finished dump at: 2026-11-23 17:29:15\n"

    found = parse_metadata(raw.encode(), require_finished=True)

    assert found.session_variables == {"SQL_MODE": "a", "TIME_ZONE": f"x{blanks}x"}
