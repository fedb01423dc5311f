"""``on_conflict=ask``: Airflow's form instead of a failed task. What the form answers goes to the state tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from airflow.sdk import timezone

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, OnConflict, OnDuplicate, TargetConfig
from airflow_dm_loader.engines.shown_conflicts import ShownConflict
from airflow_dm_loader.loader import ConflictsShown, Outcome, Worker
from airflow_dm_loader.operators.conflict_form import form_text
from airflow_dm_loader.operators.kept_answer import KEY
from airflow_dm_loader.operators.resolve import ResolveConflictsOperator
from airflow_dm_loader.report import TableReport
from tests.airflow.task_runs import TaskRun, a_dag, run_task
from tests.clocks import FAST
from tests.dumps import run_of
from tests.faults.proxy import Fault, Proxy

if TYPE_CHECKING:
    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump, Query


@pytest.fixture
def paused(target: TargetConfig, dm_target: str, make_dump: MakeDump) -> LoadConfig:
    """A load that found a duplicate and has on_conflict=ask."""
    config = LoadConfig(
        task_name="t",
        dump_uri=str(make_dump({"t": [(1, "one"), (1, "again")]})),
        on_duplicate_logical=OnDuplicate.MANUAL,
        on_conflict=OnConflict.ASK,
    )
    worker = Worker(host="here", dag_id="unit", run_id="run")
    loader.prepare_checkpoint(run_of(config, target, worker))
    loader.create_tables(run_of(config, target))
    loader.run_import(run_of(config, target, worker))
    assert loader.verify(loader.LoadRun.of(config, target)).verdict == "has_duplicates"
    return config


def resolve(config: LoadConfig, **kwargs: Any) -> TaskRun:
    with a_dag():
        task = ResolveConflictsOperator(task_id="resolve_conflicts", config=config.model_dump(mode="json"))
        task.clock = FAST
    return run_task(task, **kwargs)


def answer(config: LoadConfig, asked: TaskRun, option: str) -> TaskRun:
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": timezone.utcnow(),
        "responded_by_user": {"id": "7", "name": "ada"},
    }
    return resolve(config, next_method="execute_complete", next_kwargs={"event": event}, xcoms=asked.xcoms)


def test_the_task_waits_and_the_form_shows_what_was_found(paused: LoadConfig, query: Query) -> None:
    asked = resolve(paused)
    assert asked.state == "awaiting_input", asked.error
    form = asked.requests["/hitlDetails/"]
    assert form["options"] == ["Accept", "Replay", "Abort"]
    assert "34020" in form["subject"]
    assert "| `s.t` | " in form["body"]
    assert query("SELECT COUNT(*) FROM dm_meta.dm_loader_conflict") == ((1,),)
    assert "are in the table `dm_meta.dm_loader_conflict`." in form["body"]


def test_the_form_shows_both_rows_and_the_statement_that_shows_all_of_them(paused: LoadConfig, query: Query) -> None:
    body = resolve(paused).requests["/hitlDetails/"]["body"]
    (row,) = [line for line in body.splitlines() if "again" in line]
    assert row.startswith('| `s.t` | `(1,"again")` | ')
    assert "one" in row or "Duplicate entry" in row  # the row that exists, or what the server said of it
    assert "s.t.sql at byte " in row.replace("\\", "")
    (select,) = re.findall(r"```sql\n(SELECT .*);\n```", body, re.DOTALL)
    ((schema, table, file, _, error, came),) = query(select)
    assert (schema, table, file, came) == ("s", "t", "s.t.sql", b'(1,"again")')
    assert "Duplicate entry" in error


def test_a_form_shows_no_value_where_they_are_hidden(paused: LoadConfig, query: Query) -> None:
    hidden = LoadConfig.from_json(paused.to_json()).model_dump(mode="json")
    hidden["reporting"]["hide_values"] = True
    with a_dag():
        task = ResolveConflictsOperator(task_id="resolve_conflicts", config=hidden)
    body = run_task(task).requests["/hitlDetails/"]["body"]
    assert "again" not in body
    assert "one" not in body
    (select,) = re.findall(r"```sql\n(SELECT .*);\n```", body, re.DOTALL)
    assert "again" not in str(query(select))


def test_accepting_is_recorded_with_who_did_it(paused: LoadConfig, target: TargetConfig, query: Query) -> None:
    run = answer(paused, resolve(paused), "Accept")
    assert run.state == "success", run.error
    assert loader.current_outcome(run_of(paused, target)).accepted
    assert query("SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'accepted'") == (("ada",),)


def test_aborting_fails_the_task_and_accepts_nothing(paused: LoadConfig, target: TargetConfig) -> None:
    run = answer(paused, resolve(paused), "Abort")
    assert run.state == "failed"
    assert "ada chose not to accept" in str(run.error)
    assert not loader.current_outcome(run_of(paused, target)).accepted


def test_replaying_loads_the_row_that_came_and_compares_again(
    paused: LoadConfig, target: TargetConfig, query: Query
) -> None:
    run = answer(paused, resolve(paused), "Replay")
    assert run.state == "success", run.error
    assert [row[1] for row in query("SELECT * FROM s.t")] == ["again"]
    assert loader.current_outcome(run_of(paused, target)).verdict == "clean"
    kept = query("SELECT kind FROM dm_meta.dm_loader_conflict ORDER BY kind")
    assert kept == (("replaced",), ("replayed",))


def test_an_outcome_that_is_newer_than_the_form_is_not_accepted(paused: LoadConfig, target: TargetConfig) -> None:
    asked = resolve(paused)
    loader.verify(loader.LoadRun.of(paused, target))
    run = answer(paused, asked, "Accept")
    assert run.state == "failed"
    assert "is newer" in str(run.error)
    assert not loader.current_outcome(run_of(paused, target)).accepted


def test_what_was_accepted_before_is_not_asked_again(paused: LoadConfig) -> None:
    answer(paused, resolve(paused), "Accept")
    assert resolve(paused, try_number=2, max_tries=1).state == "success"


def cut_off(server: PrivateMariaDB, monkeypatch: pytest.MonkeyPatch, fault: Fault, times: int) -> Proxy:
    """Puts a network before the target, where this happens to the first connections."""
    happened: list[str] = []
    proxy = Proxy((server.host, server.port), lambda number: fault if number < times else None, happened.append)
    uri = f"mysql://{server.user}:{quote(server.password, safe='')}@127.0.0.1:{proxy.port}/?ssl=off"
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", uri)
    return proxy


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (Fault(cut_after_bytes=1), 3),  # before the server has said who it is
        (Fault(cut_after_bytes=600), 3),  # between two statements, or in one
        (Fault(drop_answer_to_commit=1), 1),  # it is stored, and nobody knows
    ],
    ids=["at once", "in the middle", "answer to COMMIT"],
)
def test_an_answer_is_not_lost_where_the_connection_drops_while_it_is_stored(
    fault: Fault,
    times: int,
    paused: LoadConfig,
    server: PrivateMariaDB,
    target: TargetConfig,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The task has no retries, and a clear would ask again."""
    asked = resolve(paused)
    with cut_off(server, monkeypatch, fault, times):
        run = answer(paused, asked, "Accept")
    assert run.state == "success", run.error
    assert loader.current_outcome(run_of(paused, target)).accepted
    assert query("SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'accepted'") == (("ada",),)
    assert len([text for text in caplog.messages if "of resolve_conflicts failed, again in" in text]) == times


@pytest.mark.parametrize(("option", "row"), [("Accept", "one"), ("Replay", "again")])
def test_an_answer_is_not_lost_where_the_task_is_killed_before_it_is_stored(
    option: str, row: str, paused: LoadConfig, query: Query
) -> None:
    """Whoever clears the task then is not asked again."""
    outcome_id = resolve(paused).xcoms["shown_outcome_id"]
    cleared = resolve(
        paused, try_number=2, max_tries=2, store={KEY: {"outcome_id": outcome_id, "option": option, "who": "ada"}}
    )
    assert cleared.state == "success", cleared.error
    assert [found[1] for found in query("SELECT * FROM s.t")] == [row]
    accepted = query("SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'accepted'")
    assert accepted == ((("ada",),) if option == "Accept" else ())


def test_an_answer_is_kept_before_the_target_is_asked_and_forgotten_where_it_fails(
    paused: LoadConfig, server: PrivateMariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve(paused)
    with cut_off(server, monkeypatch, Fault(cut_after_bytes=1), 1000):
        run = answer(paused, asked, "Accept")
    assert run.state == "failed"
    (_, kept) = run.store_puts[0]
    assert kept == {"outcome_id": asked.xcoms["shown_outcome_id"], "option": "Accept", "who": "ada"}
    assert KEY not in run.store


def test_an_answer_to_another_outcome_is_no_answer(paused: LoadConfig, target: TargetConfig) -> None:
    asked = resolve(paused)
    loader.verify(loader.LoadRun.of(paused, target))
    older = {"outcome_id": asked.xcoms["shown_outcome_id"], "option": "Accept", "who": "ada"}
    assert resolve(paused, store={KEY: older}).state == "awaiting_input"


def test_a_refusal_is_no_matter_of_the_connection(
    paused: LoadConfig, server: PrivateMariaDB, target: TargetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve(paused)
    with cut_off(server, monkeypatch, Fault(cut_after_bytes=1), 1000):
        run = answer(paused, asked, "Abort")
    assert run.state == "failed"
    assert "ada chose not to accept" in str(run.error)
    assert not loader.current_outcome(run_of(paused, target)).accepted


def test_the_form_names_the_tables_that_matter_and_no_more_than_fit() -> None:
    tables = [
        TableReport(table=f"s.t{n}", rows=9, data_bytes=1, row_count="differs", remark="9 | 8") for n in range(40)
    ]
    fine = TableReport(table="s.fine", rows=1, data_bytes=1, row_count="passed", checksum="passed")
    outcome = Outcome("id", "checksum_differs", 0, (*tables, fine))
    subject, body = form_text(LoadConfig(task_name="shop", dump_uri="/d"), outcome)
    assert subject == "Load shop / mysql-replica-01 found a checksum difference (34021)"
    assert "`s.t0`" in body
    assert "s.fine" not in body
    assert "and 10 tables more" in body
    assert "9 \\| 8" in body


def test_what_a_dump_holds_stays_text_in_the_form() -> None:
    shown = ConflictsShown(
        "table",
        "dm_`meta.dm_loader_conflict",
        rows=(ShownConflict("s.t`|\x1b[31m", "(1,'``|\u202e')", "<img src=x>", "s.[x](http://e).sql at byte 1"),),
    )
    evil = TableReport(table="s.\x1b[2J|`t", rows=1_234_567, data_bytes=1, conflicts=1, remark="**<b>[x](y)|\x07")
    _, body = form_text(LoadConfig(task_name="a", dump_uri="/d"), Outcome("id", "has_duplicates", 1, (evil,)), shown)
    assert all(line.isprintable() for line in body.splitlines())
    assert "1,234,567" in body
    assert "are in the table `` dm_`meta.dm_loader_conflict ``." in body
    assert "\\*\\*\\<b\\>\\[x\\](y)\\|\\\\x07" in body
    assert "| ``` (1,'``\\|\\u202e') ``` | `<img src=x>` | s.\\[x\\](http://e).sql at byte 1 |" in body
    from markdown_it import MarkdownIt

    page = MarkdownIt("commonmark", {"html": False}).enable("table").render(body)
    assert "<img" not in page
    assert "<a " not in page
    assert page.count("<table>") == 2


def test_the_form_asks_for_an_answer_alone_whatever_params_its_dag_has(paused: LoadConfig) -> None:
    with a_dag(params={"task_name": "shop"}):
        task = ResolveConflictsOperator(task_id="resolve", config=paused.to_json())
    run = run_task(task)
    assert run.state in ("deferred", "awaiting_input"), run.error
    (form,) = [body for path, body in run.requests.items() if path.startswith("/hitlDetails/")]
    assert not form["params"]
