"""The logical engine, as the phases see it."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_dm_loader.engines.base import Engine, ShareReport
from airflow_dm_loader.engines.logical.column_rules import hashes
from airflow_dm_loader.engines.logical.importer import file_shares, import_share
from airflow_dm_loader.engines.logical.index_builder import build_waiting_indexes
from airflow_dm_loader.engines.logical.mask_keys import key_note
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.rules.mask_key import MaskKey
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import holds, loads
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.verify.expected import forecast_comparison


class LogicalEngine(Engine):
    """Rows as SQL, chunk by chunk, into every server."""

    def check_dump(self, run: LoadRun, dump: Dump) -> None:
        if hashes(dump.plan):
            MaskKey.of(run.mask_key.secret if run.mask_key is not None else None)

    def remember(self, run: LoadRun, meta: Meta, load: Load, plan: LoadPlan) -> Mapping[str, object]:
        return key_note(run, meta, load, plan)

    def shares(self, run: LoadRun) -> list[int]:
        with run.open_stored() as (meta, load):
            return list(range(len(file_shares(meta, load, run.config.work.import_tasks))))

    def import_share(self, run: LoadRun, share: int) -> ShareReport:
        dump = run.open_dump()
        with run.open_stored(dump) as (meta, load):
            loads.begin(meta, load)
            meta.db.commit()
            dump = dump.at(meta)
            holds.check_held(meta, run.config, load)
            forecast = forecast_comparison(run, meta, load, dump.plan)
            return import_share(run, share, dump, meta, load, forecast)

    def build_indexes(self, run: LoadRun) -> int:
        return build_waiting_indexes(run)


ENGINE = LogicalEngine()
