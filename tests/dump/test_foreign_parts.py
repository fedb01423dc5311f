"""What one kind of server alone has of a CREATE TABLE, told by what was seen of each."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.foreign_parts import Server, foreign_parts

REFUSED = {  # items and options -> what each server refuses of it
    "`u` uuid)": {"mysql": "type UUID (u)", "tidb": "type UUID (u)"},
    "`i` inet4 NOT NULL)": {"mysql": "type INET4 (i)", "tidb": "type INET4 (i)"},
    "`g` point)": {"tidb": "type POINT (g)"},
    "`a` int, KEY `k` ((`a` + 1)))": {"mariadb": "an index over an expression (k)"},
    "`j` json, UNIQUE KEY `k` (`j`, (cast(`j` as unsigned array))))": {},
    "`a` int, `b` int INVISIBLE)": {"tidb": "INVISIBLE (b)"},
    "`a` int, KEY `k` (`a`) IGNORED)": {"mysql": "IGNORED (k)", "tidb": "IGNORED (k)"},
    "`a` text COMPRESSED)": {"mysql": "COMPRESSED (a)", "tidb": "COMPRESSED (a)"},
    "`a` int DEFAULT nextval(`s`.`q`))": {"mysql": "a default out of a sequence (a)"},
    "`a` date, `b` date, PERIOD FOR `p` (`a`,`b`))": {"mysql": "a period (p)", "tidb": "a period (p)"},
    "`a` int) WITH SYSTEM VERSIONING": {"mysql": "system versioning", "tidb": "system versioning"},
    "`a` int) `PAGE_COMPRESSED`=1": {"mysql": "page compression", "tidb": "page compression"},
    "`a` int) /*!50607 COMPRESSION='zlib' */": {"mariadb": "page compression"},
    "`uuid` int COMMENT 'uuid, INVISIBLE (', `IGNORED` int) COMMENT='WITH SYSTEM VERSIONING' COMPRESSION='NONE'": {},
}
LEFT_OUT = {
    "`a` int /*!80023 INVISIBLE */)": {"mariadb": "INVISIBLE (a)"},
    "`a` int, KEY `k` (`a`) /*!80000 INVISIBLE */)": {"mariadb": "INVISIBLE (k)"},
    "`a` text /*M!100301 COMPRESSED*/)": {"mysql": "COMPRESSED (a)", "tidb": "COMPRESSED (a)"},
    "`a` int, CONSTRAINT `c` CHECK ((`a` < 9)) /*!80016 NOT ENFORCED */)": {
        "mariadb": "NOT ENFORCED (c)",
        "tidb": "CHECK (c)",
    },
    "`a` text, FULLTEXT KEY `k` (`a`))": {"tidb": "FULLTEXT (k)"},
    "`a` int) /*!80016 ENCRYPTION='Y' */": {"mariadb": "encryption"},
    "`a` bigint /*T![auto_rand] AUTO_RANDOM(5) */)": {"mariadb": "AUTO_RANDOM", "mysql": "AUTO_RANDOM"},
    "`a` datetime) /*T![ttl] TTL=`a` + INTERVAL 1 DAY */": {"mariadb": "TTL", "mysql": "TTL"},
}
CASES = [
    (text, told, refused) for table, refused in ((REFUSED, True), (LEFT_OUT, False)) for text, told in table.items()
]


@pytest.mark.parametrize("server", ["mariadb", "mysql", "tidb"])
@pytest.mark.parametrize(("text", "told", "refused"), CASES)
def test_each_part_is_told_of_the_servers_that_lack_it(
    text: str, told: dict[str, str], refused: bool, server: Server
) -> None:
    found = [part.what for part in foreign_parts(f"CREATE TABLE `t` ({text}", server) if part.refused is refused]
    assert found == ([told[server]] if server in told else [])


def test_what_is_no_table_has_no_parts() -> None:
    assert foreign_parts("CREATE VIEW `v` AS SELECT 1", "mysql") == ()
