"""All that an error says, and all that is stored: where a secret could stand."""

from __future__ import annotations

import traceback

from dev.private_mariadb import PrivateMariaDB
from tests.tables import query


def everything_said(error: BaseException) -> str:
    """Texts, representations and attributes along the chain of causes, and the traceback as it is printed."""
    said = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        said += [str(link), repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return "\n".join(said)


def state(server: PrivateMariaDB) -> str:
    tables = [name for (name,) in query(server, "SHOW TABLES IN dm_meta")]
    assert tables
    return repr([query(server, f"SELECT * FROM dm_meta.`{name}`") for name in tables])
