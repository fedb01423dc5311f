"""What every operator of a load shares: its settings, its target and how its errors reach Airflow."""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from airflow.sdk import BaseOperator

from airflow_dm_loader.operators.links import LoadProgressLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.attempts import Clock
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.errors import LoaderError
    from airflow_dm_loader.loader import LoadRun
    from airflow_dm_loader.metrics import Metrics
    from airflow_dm_loader.report import LoadStatus

_Result = TypeVar("_Result")

# Params of a DAG that are not settings of the load. Any other unknown name is refused.
_NOT_SETTINGS = frozenset(
    {"target_conn_id", "dump_conn_id", "etcd_conn_id", "mask_conn_id", "compare_with_conn_id", "replica_conn_ids"}
)


class DumpLoadOperator(BaseOperator):
    """Base of the operators of a load: builds the settings, runs one phase, translates its errors.

    :param config: the fields of ``LoadConfig``, as a dict whose strings may hold templates, or as a
        JSON string such as ``{{ params | tojson }}``, where the ids of connections are left out. With
        ``dm_task_file``, the path of a DM task file, what that says is added. (templated)
    :param target_conn_id: Airflow connection of type ``mysql`` to the target. (templated)
    :param dump_conn_id: Airflow connection to the storage of the dump, of type ``aws``, ``google_cloud_platform`` or
        ``wasb``; None, or a template that gives nothing: as the client library finds out by itself. (templated)
    :param etcd_conn_id: Airflow connection to the etcd that holds the barrier, with ``barrier=etcd``. (templated)
    :param mask_conn_id: Airflow connection whose password is the key of values that are hashed, with ``mask``.
        (templated)
    """

    template_fields: Sequence[str] = ("config", "target_conn_id", "dump_conn_id", "etcd_conn_id", "mask_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"config": "json"}
    operator_extra_links = (LoadProgressLink(),)
    compare_with_conn_id: str | None = None  # of operators that have such a parameter
    replica_conn_ids: Sequence[str] | str = ()  # the same

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | str,
        target_conn_id: str = "dm_target",
        dump_conn_id: str | None = None,
        etcd_conn_id: str | None = None,
        mask_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("doc_md", documentation(type(self)))
        super().__init__(**kwargs)
        self.params = _own_params(self.params, self.dag.params if self.has_dag() else {})  # type: ignore[no-untyped-call]
        self.config = config
        self.target_conn_id = target_conn_id
        self.dump_conn_id = dump_conn_id
        self.etcd_conn_id = etcd_conn_id
        self.mask_conn_id = mask_conn_id
        self._stop = threading.Event()
        self.clock: Clock | None = None  # what waits go by; None: the machine's

    @property
    def log(self) -> Any:
        """The task's log, in which names and texts of others are visible."""
        from airflow_dm_loader.logs import VisibleLog

        return VisibleLog(super().log)

    def execute(self, context: Context) -> Any:
        """Run the phase."""
        return self.repeat(context, lambda run: self.run_phase(run, context))

    def repeat(self, context: Context, work: Callable[[LoadRun], _Result]) -> _Result:
        """Do work again and again where that can fix it; then it is for Airflow to retry, if it can help."""

        def attempt() -> _Result:
            run = self.build_run(context)
            return run.attempts.run(self.task_id, lambda: work(run))

        return self.errors_as_airflow_s(attempt)

    def skip_if_stopped(self, run: LoadRun) -> None:
        """Skip this task where the load has stopped after its schema or its rows (the setting ``only``)."""
        from airflow_dm_loader.loader import is_stopped
        from airflow_dm_loader.operators.airflow_exceptions import AirflowSkipException

        if is_stopped(run):
            raise AirflowSkipException(f"only: {run.config.what.only}, so the load stops before this task")

    def run_phase(self, run: LoadRun, context: Context) -> Any:
        """Call one phase of the loader; what it returns becomes the XCom. It may be called more than once."""
        raise NotImplementedError

    def on_kill(self) -> None:
        """Try nothing again; phases that take long look at it too, and end their sessions in the server."""
        self._stop.set()

    def build_run(self, context: Context) -> LoadRun:
        """The settings, the target, who is at work and what may be asked for. Raises ConfigError."""
        import socket

        from airflow_dm_loader.attempts import REAL_CLOCK
        from airflow_dm_loader.coordination.backends import backend_of
        from airflow_dm_loader.hooks.dump import dump_access
        from airflow_dm_loader.hooks.etcd import etcd_config
        from airflow_dm_loader.hooks.mask_key import mask_key
        from airflow_dm_loader.hooks.target_config import target_of
        from airflow_dm_loader.loader import LoadRun, Worker
        from airflow_dm_loader.metrics import Metrics
        from airflow_dm_loader.operators.progress_line import line_keeper

        ti = context["ti"]
        config = parse_config(self.config)
        metrics = Metrics.of(config)
        keep_line = line_keeper(context, self.log)
        dump_conn_id, source_conn_id, mask_conn_id = self.dump_conn_id, self.compare_with_conn_id, self.mask_conn_id
        return LoadRun(
            config=config,
            target=target_of(self.target_conn_id),
            worker=Worker(host=socket.gethostname(), dag_id=ti.dag_id, run_id=ti.run_id, try_number=ti.try_number),
            find_access=lambda: dump_access(dump_conn_id) if dump_conn_id else None,
            find_coordination=lambda: backend_of(config.coordination.barrier, etcd_config(config, self.etcd_conn_id)),
            find_source=(lambda: target_of(source_conn_id)) if source_conn_id else None,
            find_replicas=lambda: tuple(map(target_of, ids_of(self.replica_conn_ids))),
            find_mask_key=lambda: mask_key(mask_conn_id) if mask_conn_id else None,
            stop=self._stop,
            on_progress=lambda status: self._say(metrics, keep_line, status),
            on_retry=metrics.tried_again,
            clock=self.clock or REAL_CLOCK,
        )

    def _say(self, metrics: Metrics, keep_line: Callable[[str], None], status: LoadStatus) -> None:
        from airflow_dm_loader.errors import visible
        from airflow_dm_loader.progress.words import describe

        metrics.running(status)
        line = visible(describe(status))
        keep_line(line)
        self.log.info("%s", line)

    def errors_as_airflow_s(self, work: Callable[[], _Result]) -> _Result:
        """What ``work`` returns; its LoaderError becomes the exception by which Airflow fails or retries the task.

        A function, no context manager: the exception that one raises keeps the error, and so values that are hidden.
        """
        from airflow_dm_loader.errors import LoaderError

        try:
            return work()
        except LoaderError as error:
            self._count(error)
            told = self.tell(error)
        raise airflow_error(told) from None

    def tell(self, error: LoaderError) -> LoaderError:
        """Write an error into the log, for people: one block, whose stack is at DEBUG. What may be told of it."""
        from traceback import format_exception, format_tb

        from airflow_dm_loader.errors import visible
        from airflow_dm_loader.hidden_values import without_values
        from airflow_dm_loader.logs import Lines
        from airflow_dm_loader.operators.links import error_page
        from airflow_dm_loader.progress.error_block import error_block

        hides = self._hides_values()
        told = without_values(error) if hides else error
        self.log.error("%s", error_block(told, error_page(type(told))))
        stack = format_tb(error.__traceback__) if hides else format_exception(error)  # the latter repeats what it says
        self.log.debug("Where in the code:\n%s", Lines("\n".join(map(visible, "".join(stack).splitlines()))))
        return told

    def fail_by_event(self, event: dict[str, Any], *, retriable: bool = True) -> NoReturn:
        """Fail as the event of a trigger says; by default so that a retry looks again, whatever it was."""
        from airflow_dm_loader.operators.airflow_exceptions import AirflowException, AirflowFailException
        from airflow_dm_loader.triggers.events import error_of

        message, error = event["message"], error_of(event)
        if error is not None:
            self._count(error)
            message = str(self.tell(error))
        raise (AirflowException if retriable else AirflowFailException)(message)

    def _hides_values(self) -> bool:
        from airflow_dm_loader.errors import ConfigError

        try:
            return parse_config(self.config).hides_values
        except ConfigError:  # it never repeats a value of a setting, let alone of a row
            return False

    def _count(self, error: LoaderError) -> None:
        from airflow_dm_loader.errors import ConfigError
        from airflow_dm_loader.metrics import Metrics

        try:
            metrics = Metrics.of(parse_config(self.config))
        except ConfigError:  # the very error that is being counted
            metrics = Metrics()
        metrics.failed(error)


def ids_of(said: Sequence[str] | str) -> list[str]:
    """Ids of connections; a text, as a template may give it, has commas between them."""
    ids = said.split(",") if isinstance(said, str) else said
    return [name.strip() for name in ids if name.strip()]


def _own_params(params: Any, of_dag: Any) -> Any:
    """A task's params without those of its DAG, which Airflow adds to them once more when the task runs.

    A form of eighty params would else be checked, serialised and stored anew for each task of the DAG, each time that
    it is parsed: a second and a half of CPU for ``dm_load``.
    """
    from airflow.sdk import Param
    from airflow.sdk.definitions.param import ParamsDict

    nothing = type(Param().value)  # which Airflow 3.1 copies with the rest, and then takes for a value

    def is_same(one: object, other: object) -> bool:
        return one == other or (isinstance(one, nothing) and isinstance(other, nothing))

    def is_the_dag_s(name: str, param: Any) -> bool:
        if hasattr(param, "source"):
            return bool(param.source == "dag")
        same = of_dag.get_param(name) if name in of_dag else None  # Airflow 3.1 has copied it, and does not say so
        return same is not None and all(
            is_same(getattr(param, field), getattr(same, field)) for field in ("value", "description", "schema")
        )

    return ParamsDict({name: param for name, param in params.items() if not is_the_dag_s(name, param)})


def airflow_error(error: LoaderError) -> Exception:
    """AirflowException where a retry can succeed, else one of those that Airflow never retries."""
    from airflow_dm_loader.errors import BarrierTimeoutError, DumpTimeoutError, RetriableError
    from airflow_dm_loader.operators.airflow_exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowSensorTimeout,
    )

    if isinstance(error, BarrierTimeoutError | DumpTimeoutError):  # Airflow retries no sensor's timeout
        return AirflowSensorTimeout(str(error))
    if isinstance(error, RetriableError):
        return AirflowException(str(error))
    return AirflowFailException(str(error))


def parse_config(raw: Mapping[str, Any] | str) -> LoadConfig:
    """The rendered ``config`` as LoadConfig. Raises ConfigError, which never repeats the text."""
    from airflow_dm_loader.operators.task_file import load_config

    settings = parse_mapping(raw)
    return load_config({name: value for name, value in settings.items() if name not in _NOT_SETTINGS})


def parse_mapping(raw: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """The rendered ``config`` as a mapping. Raises ConfigError, which never repeats the text."""
    from airflow_dm_loader.errors import ConfigError

    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except json.JSONDecodeError as error:
            raise ConfigError(f"config is not JSON: {error.msg} at character {error.pos}") from None
        except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
            raise ConfigError("config is JSON that can't be read") from None
    if not isinstance(raw, Mapping):
        raise ConfigError(f"config must be a mapping of settings, not {type(raw).__name__}")
    return raw


def documentation(cls: type) -> str:
    """The task's page in the Airflow UI: the class docstring without its parameters."""
    return inspect.cleandoc(cls.__doc__ or "").split("\n:param", 1)[0].strip()
