"""Labels, defaults, comments, names, views and collations are the source's, whatever charset a schema file is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import TargetError
from dev.private_server import PrivateServer
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.tables import query

pytestmark = pytest.mark.servers

NEW_METADATA = """# Started dump at: 2026-11-30 05:55:36
[config]
quote-character = BACKTICK
max-statement-size = 277
# Finished dump at: 2026-11-30 05:55:36
"""


def in_charset(file: Path, codec: str) -> None:
    file.write_bytes(file.read_text().encode(codec))


@pytest.mark.parametrize(("charset", "codec", "text"), [("latin1", "cp1252", "né š x"), ("gbk", "gbk", "汉乗誠")])
def test_a_tables_create_in_the_tables_own_charset(
    charset: str, codec: str, text: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    """As mydumper writes it from 0.20 on; in gbk, the second bytes of these letters are backslashes and backquotes."""
    label, raw = text[:2], text[:2].encode(codec).replace(b"\\", b"\\\\").decode("utf-8", "surrogateescape")
    create = (
        f"(\n  `id` int NOT NULL COMMENT '{text}',\n  `e` enum('x','{label}') DEFAULT '{label}',\n"
        f"  `v` varchar(20) DEFAULT '{text}',\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET={charset}"
    )
    table = Table("t", create, [f'(1,"{raw}",NULL)'])
    folder = write_dump(tmp_path / "dump", table, metadata=NEW_METADATA)
    in_charset(folder / "s.t-schema.sql", codec)

    load_dump(load_config(folder), target)

    assert query(
        server,
        "SELECT column_name, column_type, column_default, column_comment FROM information_schema.columns "
        "WHERE table_schema = 's' AND column_name <> 'id' ORDER BY ordinal_position",
    ) in (
        [("e", f"enum('x','{label}')", default.format(label), ""), ("v", "varchar(20)", default.format(text), "")]
        for default in ("{}", "'{}'")  # MySQL without quotes, MariaDB with them
    )
    assert query(server, "SELECT column_comment FROM information_schema.columns WHERE column_name = 'id' AND "
                 "table_schema = 's'") == [(text,)]  # fmt: skip
    assert query(server, "SELECT id, CONVERT(e USING utf8mb4) FROM s.t") == [(1, label)]


@pytest.mark.parametrize("codec", ["cp1252", "utf-8"])
def test_a_view_keeps_its_charset_and_collation(
    codec: str, server: PrivateServer, server_kind: str, target: TargetConfig, tmp_path: Path
) -> None:
    """mydumper writes the text of a view in its charset, dumpling in UTF-8. TiDB takes all text for UTF-8."""
    create = "(\n  `v` varchar(20)\n) ENGINE=InnoDB DEFAULT CHARSET=latin1"
    raw = "né".encode("cp1252").decode("utf-8", "surrogateescape")
    folder = write_dump(tmp_path / "dump", Table("t", create, [f'("{raw}")']))
    (folder / "s.t-schema.sql").write_text(f"{HEAD}CREATE TABLE `t` {create};\n")
    view = (
        "/*!40101 SET NAMES binary*/;\nDROP TABLE IF EXISTS `w`;\nDROP VIEW IF EXISTS `w`;\n"
        "SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;\nSET character_set_client = latin1;\n"
        "SET character_set_results = latin1;\nSET collation_connection = latin1_bin;\n"
        "CREATE VIEW `w` AS select 'aéb' AS `l` from `t` where `t`.`v` = 'né';\n"
        "SET character_set_client = @PREV_CHARACTER_SET_CLIENT;\n"
    )
    (folder / "s.w-schema-view.sql").write_bytes(view.encode(codec))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT CONVERT(l USING utf8mb4) FROM s.w") == [("aéb",)]
    assert query(
        server,
        "SELECT character_set_client, collation_connection FROM information_schema.views WHERE table_schema = 's'",
    ) == [("utf8mb4", "utf8mb4_bin") if server_kind == "tidb" else ("latin1", "latin1_bin")]


def test_a_charset_alone_implies_what_it_did_at_the_source(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    """utf8mb4_0900_ai_ci and uca1400_ai_ci take oe for œ: with them, two of these rows would have one key."""
    create = "(`k` varchar(20) NOT NULL, `v` varchar(9) CHARACTER SET utf8mb4, `n` varchar(9) AS (CAST(`v` AS char "\
             "CHARSET utf8mb4)), PRIMARY KEY (`k`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='x'"  # fmt: skip
    rows = [f"('{key}',NULL)" for key in ("oe", "œ", "ss", "ß")]
    table = Table("t", create, rows, insert="INSERT INTO `{table}` (`k`,`v`) VALUES")
    folder = write_dump(tmp_path / "dump", table)

    report = load_dump(load_config(folder), target)

    assert (report.outcome, report.tables[0].replaced) == ("clean", 0)
    assert query(server, "SELECT COUNT(*) FROM s.t") == [(4,)]
    collations = query(
        server, "SELECT collation_name FROM information_schema.columns WHERE table_schema = 's' AND column_name <> 'n'"
    )
    assert collations == [("utf8mb4_general_ci",)] * 2
    (default,) = query(
        server, "SELECT default_collate_name FROM information_schema.character_sets WHERE character_set_name='utf8mb4'"
    )
    warned = any("s.t: a charset without a collation" in warning for warning in report.warnings)
    assert warned == (default != ("utf8mb4_general_ci",))


def test_another_collation_may_be_implied_by_collation_map(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`k` varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    folder = write_dump(tmp_path / "dump", Table("t", create))

    load_dump(load_config(folder, collation_map={"utf8mb4_general_ci": "utf8mb4_bin"}), target)

    assert query(server, "SELECT table_collation FROM information_schema.tables WHERE table_schema = 's'") == [
        ("utf8mb4_bin",)
    ]


@pytest.mark.parametrize(
    ("create", "problem"),
    [
        ("(`e` enum('x','日')) ENGINE=InnoDB DEFAULT CHARSET=latin1", "日"),
        ("(`e` set('x','日')) ENGINE=InnoDB DEFAULT CHARSET=latin1", "日"),
        ("(`e` enum('x','🙂')) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3", "🙂"),
        ("(`v` int COMMENT 'a🙂') ENGINE=InnoDB DEFAULT CHARSET=latin1", "a(🙂|.xF0.x9F)"),
        ("(`v` int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='a🙂'", "a(🙂|.xF0.x9F)"),
        ("(`d` decimal(4,1) DEFAULT 1.55) ENGINE=InnoDB", "Data truncated|Truncated incorrect"),
    ],
)
def test_a_definition_that_the_target_would_change_is_refused_and_leaves_nothing(
    create: str, problem: str, server: PrivateServer, server_kind: str, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", create))
    if server_kind == "tidb" and not create.isascii():  # it keeps all text in utf8mb4, whatever the column's charset
        load_dump(load_config(folder), target)
        (letter,) = (char for char in create if not char.isascii())
        assert letter in query(server, "SHOW CREATE TABLE s.t")[0][1]
        return

    with pytest.raises(TargetError, match=problem) as caught:
        load_dump(load_config(folder), target)

    assert caught.value.file == "s.t-schema.sql"
    assert query(server, "SELECT 1 FROM information_schema.tables WHERE table_schema = 's'") == []


def test_letters_that_servers_show_as_question_marks_are_kept_all_the_same(
    server: PrivateServer, server_kind: str, target: TargetConfig, tmp_path: Path
) -> None:
    """SHOW CREATE TABLE is in utf8mb3 on some servers, in hex on others; what the table holds is whole."""
    create = (
        "(`id` int, `e` enum('a','🙂日') DEFAULT '🙂日', `v` varchar(9) DEFAULT 'x🙂', "
        f"`u` varchar(9) CHARACTER SET {'utf8mb4' if server_kind == 'tidb' else 'utf16'} DEFAULT '🙂', "
        "`c` varchar(9) AS (CONCAT('🙂', `id`)), "
        "CHECK (`v` <> '🙂🙂')) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    )
    insert = "INSERT INTO `{table}` (`id`) VALUES"
    folder = write_dump(tmp_path / "dump", Table("t", create, ["(1)"], insert=insert))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT e, v, CONVERT(u USING utf8mb4), c FROM s.t") == [("🙂日", "x🙂", "🙂", "🙂1")]


def test_a_view_that_exists_with_another_text_is_named(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(
        tmp_path / "dump",
        Table("t", rows=["(1,'a')"]),
        views={"same": "select `t`.`id` AS `id` from `t`", "w": "select 1"},
    )
    load_dump(load_config(folder), target)
    query(server, "CREATE OR REPLACE VIEW s.w AS SELECT 99 AS other")

    report = load_dump(load_config(folder, remove_meta=True, on_duplicate_logical="ignore"), target)

    assert [warning for warning in report.warnings if "view" in warning] == [
        "the view s.w exists with another text than the dump's, and stays as it is"
    ]
    assert query(server, "SELECT * FROM s.w") == [(99,)]
