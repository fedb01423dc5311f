"""``@task.load_dump``: a function says what to load, and its task is the whole load.

@task.load_dump(target_conn_id="dm_target")
def shop(ds=None):
    return {"task_name": f"shop-{ds}", "dump_uri": f"s3://backups/shop/{ds}/"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    TaskDecorator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from airflow_dm_loader.operators.base import parse_mapping
from airflow_dm_loader.operators.load_dump import LoadDumpOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun

_KEY = "config"  # the XCom that holds the settings while the task waits in the triggerer


class LoadDumpDecoratedOperator(DecoratedOperator, LoadDumpOperator):
    """Loads the dump that a function names: it returns the fields of `LoadConfig`, as a mapping or as JSON.

    The function is called once a try. All else is as with `LoadDumpOperator`.
    """

    custom_operator_name: str = "@task.load_dump"
    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *LoadDumpOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **LoadDumpOperator.template_fields_renderers,
    }
    overwrite_rtif_after_execution: bool = True  # the settings are known only then

    def __init__(self, *, python_callable: Callable[..., Mapping[str, Any] | str], **kwargs: Any) -> None:
        super().__init__(python_callable=python_callable, config={}, **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        """Ask the function, then load."""
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        said = self.python_callable(*self.op_args, **kwargs)
        self.config = dict(self.errors_as_airflow_s(lambda: parse_mapping(said)))
        self.render_template_fields(context)
        context["ti"].xcom_push(key=_KEY, value=self.config)
        return LoadDumpOperator.execute(self, context)

    def _after(
        self, event: dict[str, Any], context: Context, wait_for: str, go_on: Callable[[LoadRun], dict[str, Any]]
    ) -> dict[str, Any]:
        # A task that comes back from the triggerer is made anew; its function may say something else by now.
        ti = context["ti"]
        self.config = ti.xcom_pull(task_ids=ti.task_id, key=_KEY, map_indexes=ti.map_index)
        return super()._after(event, context, wait_for, go_on)


def load_dump_task(
    python_callable: Callable[..., Mapping[str, Any] | str] | None = None, **kwargs: Any
) -> TaskDecorator:
    """``@task.load_dump``. Arguments are those of ``LoadDumpOperator``, but for ``config``."""
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=False,  # what the function returns is not what the task does
        decorated_operator_class=LoadDumpDecoratedOperator,
        **kwargs,
    )
