"""What a CREATE TABLE holds besides its columns, and what another one lacks of it."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.table_parts import lacks, table_parts

WHOLE = """CREATE TABLE `t` (
  `id` int NOT NULL,
  `a` int DEFAULT NULL CHECK (`a` > 0),
  `b` varchar(9) GENERATED ALWAYS AS (concat(`a`,'x')) VIRTUAL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `u` (`a`,`id`),
  KEY `k` (`b`(3),`a` DESC) USING BTREE,
  KEY `e` ((lower(`b`))),
  FULLTEXT KEY `f` (`b`),
  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE,
  CONSTRAINT `positive` CHECK (`id` > 0)
) ENGINE=InnoDB /*!50100 PARTITION BY HASH (id) PARTITIONS 2 */"""


def test_all_parts_are_found() -> None:
    parts = table_parts(WHOLE)

    assert parts is not None
    assert dict(parts.keys) == {
        ("primary key", ""): ("id",),
        ("unique key", "u"): ("a", "id"),
        ("index", "k"): ("b", "a"),
        ("index", "e"): (),
        ("index", "f"): ("b",),
        ("foreign key", "c"): ("a",),
        ("check", "positive"): (),
    }
    assert (parts.generated, parts.partitioned) == (frozenset({"b"}), True)


def test_a_table_lacks_nothing_of_itself() -> None:
    parts = table_parts(WHOLE)

    assert parts is not None
    assert lacks(parts, parts) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  PRIMARY KEY (`id`),\n", "primary key (id)"),
        ("  UNIQUE KEY `u` (`a`,`id`),\n", "unique key u (a, id)"),
        ("  KEY `k` (`b`(3),`a` DESC) USING BTREE,\n", "index k (b, a)"),
        ("  FULLTEXT KEY `f` (`b`),\n", "index f (b)"),
        ("  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n", "foreign key c (a)"),
        (",\n  CONSTRAINT `positive` CHECK (`id` > 0)", "check positive"),
        (" /*!50100 PARTITION BY HASH (id) PARTITIONS 2 */", "partitions"),
    ],
)
def test_each_part_that_is_missing_is_named(line: str, said: str) -> None:
    whole, less = table_parts(WHOLE), table_parts(WHOLE.replace(line, ""))

    assert whole is not None
    assert less is not None
    assert lacks(whole, less) == (said,)
    assert lacks(less, whole) == ()  # what a person added is theirs


def test_a_key_of_other_columns_is_missing() -> None:
    whole, other = table_parts(WHOLE), table_parts(WHOLE.replace("`u` (`a`,`id`)", "`u` (`id`,`a`)"))

    assert whole is not None
    assert other is not None
    assert lacks(whole, other) == ("unique key u (a, id)",)
