"""The tables of the benchmark's sources: what they look like, and how the server makes their rows by itself.

The rows are functions of a number from MariaDB's sequence engine, so they are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One table, and a SELECT list over ``seq`` that makes a row of it."""

    name: str
    columns: str  # with the primary key and the unique keys
    row: str
    row_bytes: int  # of a row in the dump, about
    numbered_by: str  # the column that holds seq
    secondary: tuple[str, ...] = ()  # indexes that are neither primary nor unique

    def create(self, *, secondary: bool = True) -> str:
        """The CREATE TABLE statement, with or without the secondary indexes."""
        parts = [self.columns.strip(), *(self.secondary if secondary else ())]
        return f"CREATE TABLE `{self.name}` (\n{', '.join(parts)}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"

    def add_secondary(self) -> str:
        """One ALTER for all of them; empty where there are none."""
        if not self.secondary:
            return ""
        return f"ALTER TABLE `{self.name}` " + ", ".join(f"ADD {index}" for index in self.secondary)


WIDE = SourceTable(
    "wide",
    """
    `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, `code` CHAR(32) CHARACTER SET ascii NOT NULL,
    `name` VARCHAR(120) NOT NULL, `note` TEXT NOT NULL, `price` DECIMAL(12,2) NULL, `weight` DOUBLE NOT NULL,
    `kind` ENUM('new','used','größe') NOT NULL, `made_on` DATE NOT NULL, `created_at` DATETIME(3) NOT NULL,
    `changed_at` TIMESTAMP NULL, `active` TINYINT(1) NOT NULL, `payload` BLOB NOT NULL, UNIQUE KEY `code` (`code`)""",
    r"""
    seq, MD5(seq),
    CONCAT(ELT(1 + seq % 6, 'Zoë', 'Łukasz', '東京', 'O''Neil', 'Ana "B"', '😀 Max'), ' ', CONV(CRC32(seq), 10, 36)),
    CONCAT('line one of ', seq, ',\nsaid "yes, it''s \\ fine";\t', REPEAT(SHA1(seq), 1 + seq % 4), '),\n("ü"'),
    IF(seq % 17 = 0, NULL, (CRC32(CONCAT('p', seq)) % 100000000) / 100), CRC32(CONCAT('w', seq)) / 1024,
    ELT(1 + seq % 3, 'new', 'used', 'größe'), '2020-01-01' + INTERVAL seq % 2000 DAY,
    '2020-01-01 00:00:00.125' + INTERVAL seq * 37 SECOND,
    IF(seq % 11 = 0, NULL, '2021-01-01 00:00:00' + INTERVAL seq SECOND), seq % 2,
    UNHEX(CONCAT(SHA2(seq, 256), SHA2(CONCAT('b', seq), 256)))""",
    388,
    "id",
)

NARROW = SourceTable(
    "narrow",
    """
    `id` INT UNSIGNED NOT NULL PRIMARY KEY, `customer` INT UNSIGNED NOT NULL, `placed_on` DATE NOT NULL,
    `amount` INT NOT NULL""",
    """
    seq, CRC32(seq) % 200000, '2015-01-01' + INTERVAL CRC32(CONCAT('d', seq)) % 4000 DAY,
    CRC32(CONCAT('a', seq)) % 10000""",
    35,
    "id",
    ("KEY `customer` (`customer`)", "KEY `day_amount` (`placed_on`, `amount`)"),
)

KEYLESS = SourceTable(
    "keyless",
    """
    `place` INT UNSIGNED NOT NULL, `logged_at` DATETIME(6) NOT NULL, `level` TINYINT NOT NULL,
    `actor` INT UNSIGNED NULL, `message` VARCHAR(255) NOT NULL""",
    """
    seq, '2024-01-01 00:00:00.000001' + INTERVAL seq SECOND, seq % 5, IF(seq % 7 = 0, NULL, CRC32(seq) % 50000),
    CONCAT('request ', SHA1(seq), ' by "agent ', seq % 100, '" took ', seq % 977, ' ms')""",
    124,
    "place",
)

# One table, one file, to see that memory does not grow with the file.
BIG = SourceTable(
    "big",
    "`id` BIGINT UNSIGNED NOT NULL PRIMARY KEY, `text` VARCHAR(500) CHARACTER SET ascii NOT NULL",
    "seq, REPEAT(SHA2(seq, 512), 3)",
    397,
    "id",
)

# Rows of tens of MB, half of each text and half bytes.
HUGE_ROWS = SourceTable(
    "huge",
    "`id` INT UNSIGNED NOT NULL PRIMARY KEY, `text` LONGTEXT NOT NULL, `bytes` LONGBLOB NOT NULL",
    """
    seq, REPEAT(CONCAT('it''s "ü" ', SHA2(seq, 256), '\\n'), {half_bytes} DIV 75),
    REPEAT(UNHEX(SHA2(seq, 512)), {half_bytes} DIV 64)""",
    0,
    "id",
)

SMALL = "(`id` INT NOT NULL PRIMARY KEY, `text` VARCHAR(40) NOT NULL, KEY `text` (`text`)) ENGINE=InnoDB"
SMALL_ROWS = 10
