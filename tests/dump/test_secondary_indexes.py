"""Which indexes can wait, and that nothing of the statement is lost when they are taken out."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.secondary_indexes import Reference, SecondaryIndex, references, split_secondary_indexes

COLUMNS = "  `id` int NOT NULL AUTO_INCREMENT,\n  `a` int DEFAULT NULL,\n  `b` varchar(90) DEFAULT NULL,\n"
PRIMARY = "  PRIMARY KEY (`id`)"


def split(*items: str, options: str = "ENGINE=InnoDB") -> tuple[str, list[str]]:
    """The body that is created, and the definitions that wait, of a table with these items after its columns."""
    body, waiting = split_secondary_indexes(table(*items, options=options))
    return body, [index.definition for index in waiting]


def table(*items: str, options: str = "ENGINE=InnoDB") -> str:
    return f"CREATE TABLE `t` (\n{COLUMNS}" + ",\n  ".join([PRIMARY, *items]) + f"\n) {options}"


def whole(*items: str, options: str = "ENGINE=InnoDB") -> str:
    return table(*items, options=options).removeprefix("CREATE TABLE `t` ")


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("KEY `k` (`a`)", "k"),
        ("INDEX `k` (`a`)", "k"),
        ("key k (a)", "k"),
        ("KEY `k` (`a`,`b`)", "k"),
        ("KEY `k` (`b`(20),`a` DESC)", "k"),
        ("KEY `k` (`a`) USING BTREE", "k"),
        ("KEY `k` (`a`) USING BTREE COMMENT 'why, (not); it''s /* fine */'", "k"),
        ("KEY `k` (`a`) COMMENT 'a\\'b'", "k"),
        ("KEY `k` (`a`) KEY_BLOCK_SIZE=4", "k"),
        ("KEY `k` (`a`) IGNORED", "k"),
        ("KEY `a``b,c (d)` (`a`)", "a`b,c (d)"),
        ("KEY `größe 日本` (`a`)", "größe 日本"),
        ("KEY `PRIMARY KEY` (`a`)", "PRIMARY KEY"),
        ("KEY `k` ((lower(`b`)))", "k"),
        ("KEY `k` ((cast(`b` as char(9))),`a`)", "k"),
        ("CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`)", "f"),
        ("CONSTRAINT `f` FOREIGN KEY (`a`,`b`) REFERENCES `s`.`p` (`x`,`y`) ON DELETE CASCADE ON UPDATE SET NULL", "f"),
        ("constraint f foreign key (a) references p (id)", "f"),
    ],
)
def test_what_can_wait_is_taken_out_as_it_stands(item: str, name: str) -> None:
    body, waiting = split_secondary_indexes(table(item))

    assert waiting == (SecondaryIndex(name, item),)
    assert body.split() == whole().split()


@pytest.mark.parametrize(
    "item",
    [
        "UNIQUE KEY `k` (`a`)",
        "UNIQUE INDEX `k` (`a`)",
        "UNIQUE `k` (`a`)",
        "CONSTRAINT `k` UNIQUE KEY (`a`)",
        "FULLTEXT KEY `k` (`b`)",
        "SPATIAL KEY `k` (`g`)",
        "VECTOR KEY `k` (`v`)",
        "KEY (`a`)",  # its name would be looked for
        "KEY `k` USING HASH (`a`)",
        "CONSTRAINT `c` CHECK (`a` > 0)",
        "CONSTRAINT CHECK (`a` > 0)",
        "CHECK (`a` in (1,2))",
        "KEY `k` (`id`)",  # AUTO_INCREMENT needs one
        "KEY `k` (`ID`,`a`)",
        "KEY `k` (`a`) /*!80000 INVISIBLE */",
        "/*!50100 KEY `k` (`a`) */",
        "/* why */ KEY `k` (`a`)",
        "KEY `k` (`a`) -- why\n",
        "PERIOD FOR SYSTEM_TIME (`a`, `b`)",
        "`c` varchar(9) DEFAULT 'KEY `k` (`a`)'",
        "`key` int",
        "`constraint` int COMMENT 'FOREIGN KEY'",
    ],
)
def test_what_can_not_surely_wait_stays(item: str) -> None:
    assert split(item) == (whole(item), [])
    body, waiting = split(item, "KEY `later` (`b`)")
    assert body.split() == whole(item).split()
    assert waiting == ["KEY `later` (`b`)"]


def test_the_rest_of_the_statement_stays_as_it_is() -> None:
    options = (
        "ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 COMMENT='KEY `k` (`a`), (x)' ROW_FORMAT=COMPRESSED\n"
        "/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION a VALUES LESS THAN (7),\n PARTITION b VALUES LESS THAN (9)) */"
    )
    check = "CONSTRAINT `c` CHECK (`a` in (1,2) and `b` <> ',KEY x (y)')"

    body, waiting = split("KEY `k` (`a`)", check, "UNIQUE KEY `u` (`b`)", "KEY `l` (`b`)", options=options)

    assert waiting == ["KEY `k` (`a`)", "KEY `l` (`b`)"]
    assert body.split() == whole(check, "UNIQUE KEY `u` (`b`)", options=options).split()
    before = parse_create_table(table(options=options))
    after = parse_create_table("CREATE TABLE `t` " + body)
    assert before is not None
    assert after is not None
    assert (before.columns, before.engine) == (after.columns, after.engine)


def test_an_index_and_the_foreign_key_of_its_name_are_built_as_one() -> None:
    """A foreign key without an index of its own gets one of its name at the source."""
    key, foreign = "KEY `fk` (`a`)", "CONSTRAINT `FK` FOREIGN KEY (`a`) REFERENCES `p` (`id`)"

    _, waiting = split_secondary_indexes(table(key, "KEY `k` (`b`)", foreign))

    assert waiting == (SecondaryIndex("fk", f"{key}, ADD {foreign}"), SecondaryIndex("k", "KEY `k` (`b`)"))
    assert not waiting[0].is_foreign_key


def test_a_foreign_key_is_known_from_an_index() -> None:
    _, waiting = split_secondary_indexes(
        table(
            "UNIQUE KEY `f` (`a`)", "KEY `CONSTRAINT` (`a`)", "constraint `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`)"
        )
    )

    assert [index.is_foreign_key for index in waiting] == [False, True]


def test_an_index_that_foreign_keys_point_at_stays() -> None:
    keys = ["KEY `k` (`a`)", "KEY `l` (`B`(20),`a`)", "KEY `m` (`b`,`id`,`a`)", "KEY `n` ((`a` + 1))"]
    statement = table(*keys)

    def kept(*columns: str) -> set[str]:
        waiting = split_secondary_indexes(statement, [columns])[1]
        return {"k", "l", "m", "n"} - {index.name for index in waiting}

    # and so does what stands before it: servers list indexes in the order in which they were made
    assert kept("a") == {"k"}
    assert kept("b") == kept("b", "id") == {"k", "l", "m"}
    assert kept("id") == set()


def test_what_foreign_keys_point_at_is_found() -> None:
    statement = table(
        "`c` int DEFAULT NULL REFERENCES p (id)",
        "CONSTRAINT `f` FOREIGN KEY (`a`,`b`) REFERENCES `o``s`.`q,(` (`x`,`y)`) ON DELETE CASCADE",
        "foreign key (a) references `p` (`v`)",
        "KEY `k` (`a`) COMMENT 'REFERENCES `n` (`o`)'",
    )

    assert references(statement) == (
        Reference(None, "p", ("id",)),
        Reference("o`s", "q,(", ("x", "y)")),
        Reference(None, "p", ("v",)),
    )
    assert references('CREATE TABLE "t" ("a" int REFERENCES "p" ("id"))', ansi_quotes=True) == (
        Reference(None, "p", ("id",)),
    )


@pytest.mark.parametrize(
    "unnamed", ["FOREIGN KEY (`a`) REFERENCES `p` (`id`)", "CONSTRAINT FOREIGN KEY (`a`) REFERENCES `p` (`id`)"]
)
def test_beside_a_foreign_key_without_a_name_nothing_waits(unnamed: str) -> None:
    """The server would make an index of its own for it, under a name that we don't know."""
    assert split("KEY `k` (`a`)", unnamed) == (whole("KEY `k` (`a`)", unnamed), [])


def test_items_within_one_version_comment_stay_together() -> None:
    items = ("/*!80000 KEY `k` (`a`)", "KEY `l` (`b`)", "KEY `m` (`a`) */", "KEY `n` (`a`)")

    assert split(*items) == (whole(*items), [])


@pytest.mark.parametrize("engine", ["MyISAM", "Aria", "MEMORY", "ROCKSDB"])
def test_only_innodb_s_indexes_wait(engine: str) -> None:
    assert split("KEY `k` (`a`)", options=f"ENGINE={engine}")[1] == []
    assert split("KEY `k` (`a`)", options="ENGINE = innodb")[1] == ["KEY `k` (`a`)"]
    assert split("KEY `k` (`a`)", options="")[1] == ["KEY `k` (`a`)"]


def test_a_table_without_secondary_indexes_is_untouched() -> None:
    assert split() == (whole(), [])


@pytest.mark.parametrize("statement", ["CREATE TABLE `t` LIKE `x`", "CREATE VIEW `v` AS SELECT 1", ""])
def test_what_is_no_table_with_columns_is_an_error(statement: str) -> None:
    with pytest.raises(ValueError, match="CREATE TABLE"):
        split_secondary_indexes(statement)
