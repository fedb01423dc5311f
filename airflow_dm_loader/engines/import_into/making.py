"""Makes the jobs of one import task's tables, where they are not made yet."""

from __future__ import annotations

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.heads import READ_AS_UTF8, head_charset, read_head
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.import_into.load_tables import group_key
from airflow_dm_loader.engines.import_into.open_share import open_share
from airflow_dm_loader.engines.import_into.sources import TableSource, sources_of
from airflow_dm_loader.engines.import_into.statements import job_options
from airflow_dm_loader.engines.import_into.submission import Submission
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import files, import_jobs, loads
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target.session import check_time_zone, file_session, target_time_zone


def make_jobs(run: LoadRun, share: int) -> None:
    """Settle what earlier attempts left, then make a job for each table that has none; fewer where the run stops."""
    config, dump = run.config, run.open_dump()
    sources = sources_of(dump)
    folder_uri = tidb_uri(config.what.dump_uri, run.access).get_secret_value()
    sort = config.import_into.import_into_cloud_storage_uri
    sort_uri = tidb_uri(sort, run.access).get_secret_value() if sort is not None else None
    redactor = Redactor.of_uris([folder_uri, sort_uri or ""])
    with open_share(run, share, redactor) as opened:
        meta, load = opened.meta, opened.load
        check_same_dump(load, dump.inventory)
        check_same_rules(load, config)
        loads.begin(meta, load)
        import_jobs.register_tables(meta, load.load_id, opened.mine)
        files.mark_done(meta, load.load_id, opened.tables.without_bytes)
        meta.db.commit()
        opened.settle(run.worker)
        default_time_zone = target_time_zone(meta.db)
        submission = Submission(
            meta=meta,
            load_id=load.load_id,
            run_id=run.worker.run_id,
            server=opened.server,
            folder_uri=folder_uri,
            options=job_options(config, sort_uri),
            group_key=group_key(config, load),
            session_of=lambda source: _job_session(config, dump.storage, source, default_time_zone),
        )
        mine = [source for source in sources if (source.schema, source.table) in set(opened.mine)]
        submission.check_empty(mine, opened.tables.rows_of(opened.mine))
        for source in mine:
            if run.stop.is_set():
                return
            submission.make_job(source)


def _job_session(
    config: LoadConfig, storage: DumpStorage, source: TableSource, default_time_zone: str
) -> dict[str, str | int]:
    """``sql_mode`` and ``time_zone`` of the table's files, by the head of the first: tools write the same to each.

    Raises:
        DumpFormatError: the file's text is in another charset than UTF-8.
    """
    head: dict[str, str] = {}
    if source.format.has_head:
        head = read_head(storage, next(file.source for file in source.files if file.source.file_bytes))
    check_time_zone(config, head, source.files[0].source.name)
    session = file_session(config, head, default_time_zone)
    charset = head_charset(head)
    if charset not in READ_AS_UTF8:
        raise DumpFormatError(
            f"the file is in {charset}, and IMPORT INTO reads UTF-8 alone",
            file=source.files[0].source.name,
            table=source.name,
            remedy="Load it with import_mode=logical, or dump in utf8mb4 or binary.",
        )
    return {name: session[name] for name in ("sql_mode", "time_zone")}
