"""The privileges that docs/privileges.md lists for tidb-lightning: they are enough, and none can be left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import LoadConfig, TargetConfig, load_dump, plan_dump
from airflow_dm_loader.engines.physical.requirements import lightning_needs
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.target.needed_privileges import Need
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.listed_privileges import listed
from tests.dumps import WITHOUT_KEY, numbered, write_dump
from tests.engines.physical.installed import Installed
from tests.tables import one, query
from tests.tidb_stand_in.jobs import Jobs
from tests.tidb_stand_in.server import TiDBStandIn

HEADING = "A load by tidb-lightning"
OWN_SCHEMA = "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON `{}`.* TO x;"
CHECKPOINT = OWN_SCHEMA.format("t_4115832786_tidb_lightning_checkpoint")
CONFLICTS = OWN_SCHEMA.format("dm_meta_t")

MakeUser = Callable[..., TargetConfig]


@pytest.fixture
def user(tidb: PrivateMariaDB) -> Iterator[MakeUser]:
    """An account with exactly these privileges; TiDB's table of its own settings is there to be named."""
    query(tidb, "CREATE TABLE mysql.tidb (variable_name varchar(64))")

    def make(*grants: str) -> TargetConfig:
        query(tidb, "DROP USER IF EXISTS least@'127.0.0.1'")
        query(tidb, "CREATE USER least@'127.0.0.1' IDENTIFIED BY 'canary-secret'")
        for grant in grants:
            query(tidb, re.sub(r"TO \S+;$", "TO least@'127.0.0.1'", grant).replace("`shop`", "`s`"))
        return TargetConfig(host=tidb.host, port=tidb.port, user="least", password="canary-secret")

    yield make
    query(tidb, "DROP TABLE mysql.tidb")


@pytest.fixture
def config(tmp_path: Path, lightning: Installed) -> Callable[..., LoadConfig]:
    folder = write_dump(tmp_path / "dump", numbered("a", 20, WITHOUT_KEY))

    def make(**changes: Any) -> LoadConfig:
        settings = {"task_name": "t", "dump_uri": str(folder), "import_mode": "physical"}
        return LoadConfig(**{**settings, "lightning_path": str(lightning.folder), **changes})

    return make


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, ()),
        ({"lightning_checkpoint": "mysql"}, (CHECKPOINT,)),
        ({"on_duplicate_physical": "manual"}, (CONFLICTS,)),
    ],
)
def test_the_listed_privileges_are_enough_and_those_of_a_setting_are_asked_for(
    settings: dict[str, str],
    more: tuple[str, ...],
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    user: MakeUser,
) -> None:
    target = user(*listed(HEADING))
    if more:
        with pytest.raises(TargetError, match="lacks privileges") as caught:
            load_dump(config(**settings), target)
        assert more[0].replace(" TO x;", "") in caught.value.remedy
        target = user(*listed(HEADING), *more)

    assert load_dump(config(**settings), target).status == "finished"
    assert one(tidb, "SELECT COUNT(*) FROM s.a") == 20


def test_no_listed_right_can_be_left_out(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, user: MakeUser
) -> None:
    grants = listed(HEADING)
    privileges = [
        (at, privilege) for at, grant in enumerate(grants) for privilege in grant[6:].partition(" ON ")[0].split(", ")
    ]
    assert len(privileges) == 19
    for at, privilege in privileges:
        place = grants[at].partition(" ON ")[2]
        kept = [word for other, word in privileges if other == at and word != privilege]
        less = [*grants[:at], *([f"GRANT {', '.join(kept)} ON {place}"] if kept else []), *grants[at + 1 :]]
        target = user(*less)

        with pytest.raises(TargetError) as caught:
            load_dump(config(), target)

        assert re.search(rf"GRANT [A-Z ,]*\b{privilege} ?[A-Z ,]*ON", caught.value.remedy), (
            privilege,
            str(caught.value),
        )
    assert one(tidb, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('dm_meta', 's')") == 0


def test_a_dry_run_tells_what_is_missing(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, user: MakeUser
) -> None:
    target = user(*(grant for grant in listed(HEADING) if "SUPER" not in grant))
    no_jobs = Jobs(lambda *_: {}, {}, lambda: closing(tidb.connect()))
    with TiDBStandIn((tidb.host, tidb.port), no_jobs) as server:  # takes tidb_txn_mode, which MariaDB does not know
        plan = plan_dump(config(), TargetConfig(**{**target.model_dump(), "port": server.port}))
    assert len(plan.problems) == 1
    assert "lacks privileges that this load needs: SUPER on *.*" in plan.problems[0]


@pytest.mark.parametrize("restricted", [False, True])
def test_security_enhanced_mode_asks_for_more_than_super(restricted: bool, config: Callable[..., LoadConfig]) -> None:
    needs = set(lightning_needs(config(), LoadPlan((), (), (), ()), restricted=restricted))
    assert Need("SUPER") in needs
    assert (Need("RESTRICTED_VARIABLES_ADMIN") in needs) == restricted
    assert (Need("RESTRICTED_TABLES_ADMIN") in needs) == restricted
