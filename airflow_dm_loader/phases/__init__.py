"""The phases of a load, one function each.

Every phase stands for itself: it opens its own connections, takes what it needs from the dump and from the state
tables, and leaves what comes next there. So each can be retried, cleared, or run on another machine. All of them
raise :class:`~airflow_dm_loader.errors.LoaderError` and nothing else. Each takes the load's
:class:`~airflow_dm_loader.run.LoadRun`; setting its ``stop`` ends the phase soon.

    planning.py    plan_load
    waiting.py     look_for_dump, arrive, missing_sources
    beginning.py   fetch_dump_metadata, prepare_checkpoint, choose_path
    tables.py      create_tables, build_indexes
    rows.py        import_shares, run_import; where the engine has jobs, submit_jobs, look_at_jobs, settle_jobs and
                   cancel_jobs
    outcome.py     verify, current_outcome, resolve_conflicts, accept_outcome
    ending.py      analyze, finish, clean_dump_files
"""
