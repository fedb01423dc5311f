"""Names that mydumper 0.11 and later replaced in file names, and who gives the real ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import DumpMetadataError, DuplicateFileError, NotCreateStatementError

HEAD = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
TEXT = "Started dump at: 2026-11-23 17:29:14\n\nFinished dump at: 2026-11-23 17:29:14\n"  # 0.11 and 0.12
INI = "# Started dump at: 2026-11-23 17:29:14\n{}\n# Finished dump at: 2026-11-23 17:29:14\n"
CREATE_DB = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `db` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n"
CREATE = HEAD + "CREATE TABLE `x.y` (\n  `id` int NOT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"
ROWS = HEAD + "INSERT INTO `x.y` VALUES(1)\n;\n"


def read(folder: Path, files: dict[str, str], metadata: str = TEXT) -> DumpInventory:
    """The inventory of these files."""
    for name, text in {"metadata": metadata, **files}.items():
        data = text.encode("utf-8", "surrogateescape")
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return read_inventory(open_storage(str(folder)), require_finished=True)


@pytest.mark.parametrize(
    "metadata",
    [
        TEXT,
        INI.format("[`db`.`mydumper_0`]\nRows = 0"),  # 0.13 and 0.14
        INI.format("[`db`.`mydumper_0`]\nreal_table_name=x.y\nrows = 0"),  # 0.15, 0.16 and 1.0
        INI.format("[`db`.`x.y`]\nreal_table_name=x.y\nrows = 0"),  # 0.16 to 0.19
    ],
)
@pytest.mark.parametrize(
    "files",
    [
        {"db.mydumper_0-schema.sql": CREATE, "db.mydumper_0.00000.sql": ROWS},
        {"db.mydumper_0-schema.sql.gz": CREATE, "db.mydumper_0.00000.sql.gz": ROWS},
        {"db.mydumper_0-schema.sql": CREATE},
        {"db.mydumper_0-schema.sql": CREATE, "db.mydumper_0-metadata": "0", "db-schema-triggers.sql": ""},
        {"db.mydumper_0-schema.sql": CREATE, "db.mydumper_0.00000.sql": "", "db.mydumper_0-schema-triggers.sql": "x"},
        {"db.mydumper_0-schema.sql": CREATE.replace("`", '"'), "db.mydumper_0.00000.00001.sql": ROWS},
        {"db.mydumper_0-schema.sql": CREATE.replace("TABLE `", "TABLE IF NOT EXISTS `db`.`")},
    ],
)
def test_a_table_is_called_as_its_create_says(files: dict[str, str], metadata: str, tmp_path: Path) -> None:
    found = read(tmp_path, {"db-schema-create.sql": CREATE_DB, **files}, metadata)

    assert list(found.table_schemas) == [("db", "x.y")]
    assert {(file.schema, file.table) for file in found.data_files} <= {("db", "x.y")}
    assert all(key == ("db", "x.y") and said.rows == 0 for key, said in found.metadata.tables.items())
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("ending", "rows", "name"),
    [
        (".00000.sql", ROWS, "x.y"),
        (".00000.sql", ROWS.replace("INSERT", "INSERT IGNORE"), "x.y"),
        (".00000.sql", ROWS.replace("INSERT", "REPLACE").replace("x.y", "x``.y"), "x`.y"),
        (".00000.sql", ROWS.replace("`", '"').replace("x.y", 'x"".y'), 'x".y'),
        (".00000.sql", HEAD + "INSERT INTO `x.y` VALUES(1,'\nINSERT INTO `not.this` VALUES(2)')\n;\n", "x.y"),
        (".sql", ROWS, "x.y"),
    ],
)
def test_rows_name_the_table_where_no_file_creates_it(ending: str, rows: str, name: str, tmp_path: Path) -> None:
    found = read(tmp_path, {f"db.mydumper_3{ending}": rows})

    assert [(file.schema, file.table) for file in found.data_files] == [("db", name)]


def test_a_load_data_statement_names_the_table(tmp_path: Path) -> None:
    statement = (
        HEAD + "LOAD DATA LOCAL INFILE 'db.mydumper_0.00000.dat' REPLACE INTO TABLE `x.y` CHARACTER SET binary;\n"
    )

    found = read(tmp_path, {"db.mydumper_0.00000.sql": statement, "db.mydumper_0.00000.dat": "1\n"})

    assert {(file.schema, file.table) for file in found.data_files} == {("db", "x.y")}


def test_a_view_is_called_as_its_create_says(tmp_path: Path) -> None:
    placeholder = "CREATE TABLE IF NOT EXISTS `v.w`(\n`a` int\n) ENGINE=MEMORY;\n"
    view = "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v.w` AS select 1 AS `a`;\n"
    files = {"db.mydumper_1-schema.sql": HEAD + placeholder}
    dropped = "DROP TABLE IF EXISTS `v.w`;\nDROP VIEW IF EXISTS `v.w`;\n"

    found = read(tmp_path, files | {"db.mydumper_1-schema-view.sql": HEAD + dropped + view})

    assert (list(found.table_schemas), list(found.views)) == ([], [("db", "v.w")])


def test_schemas_and_tables_are_renamed_together(tmp_path: Path) -> None:
    files = {
        "mydumper_0-schema-create.sql": CREATE_DB.replace("`db`", "`d.b`"),
        "mydumper_0.mydumper_1-schema.sql": CREATE,
        "mydumper_0.mydumper_1.00000.sql": ROWS,
        "mydumper_0.t-schema.sql": CREATE.replace("x.y", "t"),
    }
    metadata = INI.format("[`d.b`.`mydumper_1`]\nreal_table_name=x.y\nrows = 1\n\n[`d.b`.`t`]\nRows = 0")

    found = read(tmp_path, files, metadata)

    assert list(found.database_schemas) == ["d.b"]
    assert set(found.table_schemas) == set(found.metadata.tables) == {("d.b", "x.y"), ("d.b", "t")}


@pytest.mark.parametrize("metadata", [TEXT, INI.format("[`db`.`mydumper_0`]\nRows = 1")])
def test_a_table_that_is_really_called_so_keeps_its_name(metadata: str, tmp_path: Path) -> None:
    own = {"db.mydumper_0-schema.sql": CREATE, "db.mydumper_0.00000.sql": ROWS}
    found = read(tmp_path, {name: text.replace("x.y", "mydumper_0") for name, text in own.items()}, metadata)

    assert list(found.table_schemas) == [("db", "mydumper_0")]
    assert found.data_files[0].table == "mydumper_0"


@pytest.mark.parametrize("ending", [".000000000.sql", ".000000000.csv", ".csv"])
def test_dumpling_writes_such_a_name_as_it_is(ending: str, tmp_path: Path) -> None:
    found = read(tmp_path, {f"mydumper_1.mydumper_0{ending}": "1\n", "mydumper_1.mydumper_0-schema.sql": "SELECT 1;"})

    assert list(found.table_schemas) == [("mydumper_1", "mydumper_0")]


@pytest.mark.parametrize(
    ("files", "named", "remedy"),
    [
        ({"db.mydumper_7.00000.sql": HEAD}, "mydumper_7", "-schema.sql"),
        ({"db.mydumper_7.00000.dat": "1\n"}, "mydumper_7", "-schema.sql"),
        ({"mydumper_7.t.00000.sql": ROWS}, "mydumper_7", "-schema-create.sql"),
        ({"mydumper_7.t-schema.sql": CREATE.replace("x.y", "t")}, "mydumper_7", "-schema-create.sql"),
    ],
)
def test_what_nothing_names_is_refused_with_the_file_that_would_name_it(
    files: dict[str, str], named: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(DumpMetadataError) as caught:
        read(tmp_path, files)
    assert caught.value.file == next(iter(files))
    assert named in str(caught.value)
    assert remedy in str(caught.value)

    # What the remedy says: such a file may hold the CREATE statement alone.
    create = "CREATE TABLE `x.y` (a int);" if remedy == "-schema.sql" else "CREATE DATABASE `d.b`;"
    place = "db.mydumper_7" if remedy == "-schema.sql" else "mydumper_7"
    found = read(tmp_path, files | {f"{place}{remedy}": create})
    names = {(file.schema, file.table) for file in found.data_files} | set(found.table_schemas)
    assert names in ({("db", "x.y")}, {("d.b", "t")})


@pytest.mark.parametrize("statement", ["CREATE VIEW `x.y` AS SELECT 1;\n", "DROP DATABASE `db`;\n", ""])
def test_a_file_that_creates_something_else_names_nothing(statement: str, tmp_path: Path) -> None:
    with pytest.raises(NotCreateStatementError) as caught:
        read(tmp_path, {"db.mydumper_0-schema.sql": HEAD + statement})
    assert caught.value.file == "db.mydumper_0-schema.sql"


@pytest.mark.parametrize("metadata", [TEXT, INI.format("[`db`.`mydumper_0`]\nRows = 1\n\n[`db`.`t`]\nRows = 2")])
def test_a_stand_in_for_a_name_that_another_table_has_is_refused(metadata: str, tmp_path: Path) -> None:
    create = CREATE.replace("x.y", "t")
    files = {"db.mydumper_0-schema.sql": create, "db.mydumper_0.00000.sql": ROWS.replace("x.y", "t")}

    with pytest.raises((DuplicateFileError, DumpMetadataError), match=r"two names|twice"):
        read(tmp_path, files | {"db.t.00001.sql": ROWS.replace("x.y", "t")}, metadata)


@pytest.mark.parametrize("name", ["db.t-metadata", "db.t.metadata", "db.mydumper_0.metadata"])
def test_a_file_of_a_row_count_is_of_the_dump(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, {name: "1", "db.t-schema.sql": CREATE.replace("x.y", "t")})  # .metadata: 0.10.7 to 0.11.1

    assert name in found.all_files
    assert found.warnings == ()
