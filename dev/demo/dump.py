"""A dump in which one key stands twice, made from two tables of a sample dump."""

from __future__ import annotations

import re
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "tests" / "data" / "dumps"
SAMPLE = SAMPLES / "mydumper-1.0"

SOURCE_SCHEMA, SCHEMA = "shop", "shop_new"
TABLE, OTHER_TABLE = "customers", "products"
SECOND_ROW = '(1201,"user7@example.com","Second 7","FR",10.00,_binary "2026-11-23 12:00:00.000")'
_END = b"\n;\n"


def write_dump_with_duplicate(folder: Path) -> None:
    """Write ``customers`` and ``products`` of the sample as a dump of the schema ``shop_new``.

    ``customers`` gets SECOND_ROW as its last row, whose unique e-mail address another customer has. The
    metadata says so: one row more, and no checksum, for no server could have had such a table.
    """
    folder.mkdir()
    for name in (f"{TABLE}-schema.sql", f"{TABLE}.00000.sql", f"{OTHER_TABLE}-schema.sql", f"{OTHER_TABLE}.00000.sql"):
        (folder / f"{SCHEMA}.{name}").write_bytes((SAMPLE / f"{SOURCE_SCHEMA}.{name}").read_bytes())
    data_file = folder / f"{SCHEMA}.{TABLE}.00000.sql"
    data = data_file.read_bytes()
    if not data.endswith(_END):
        raise ValueError(f"{data_file.name} does not end as mydumper 1.0 ends a file")
    data_file.write_bytes(data.removesuffix(_END) + b"\n," + SECOND_ROW.encode() + _END)
    (folder / "metadata").write_text(_metadata((SAMPLE / "metadata").read_text()))


def _metadata(text: str) -> str:
    kept = []
    for section in re.split(r"(?m)^(?=\[)", text):
        if not section.startswith("[`"):  # not of a schema or a table
            kept.append(section)
        elif section.startswith(f"[`{SOURCE_SCHEMA}`.`{OTHER_TABLE}`]"):
            kept.append(section.replace(f"`{SOURCE_SCHEMA}`", f"`{SCHEMA}`", 1))
        elif section.startswith(f"[`{SOURCE_SCHEMA}`.`{TABLE}`]"):
            section = section.replace(f"`{SOURCE_SCHEMA}`", f"`{SCHEMA}`", 1)
            section = re.sub(r"(?m)^rows = (\d+)$", lambda rows: f"rows = {int(rows[1]) + 1}", section)
            kept.append(re.sub(r"(?m)^data_checksum = .*\n", "", section))
    return "".join(kept)
