from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader import EtcdConfig
from airflow_dm_loader.coordination.in_etcd import InEtcd
from airflow_dm_loader.coordination.in_target import InTarget
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from tests.coordination.in_folder import InFolder

if TYPE_CHECKING:
    from airflow_dm_loader.config import TargetConfig
    from airflow_dm_loader.coordination.base import Backend

BACKENDS = ("target", "etcd", "folder")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, target: TargetConfig, tmp_path: Path) -> Backend:
    """Each backend in turn, with nothing in it."""
    if request.param == "etcd":
        return InEtcd(EtcdConfig(endpoints=[request.getfixturevalue("etcd").url], timeout_s=60))
    if request.param == "folder":
        (folder := tmp_path / "coordination").mkdir()
        return InFolder(folder)
    with Database.open(target) as db:
        Meta(db, "dm_meta").create()  # as the first phase that writes does
        db.commit()
    return InTarget()
