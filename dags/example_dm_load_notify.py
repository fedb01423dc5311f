"""An example: who is on call hears of a load that failed, or that waits for a person, in the chat.

The chat's webhook is the connection `chat`: `AIRFLOW_CONN_CHAT='https://:TOKEN@chat.example.com/hooks/loads'`. The
message is the error as its log has it: the code, the table, the file and byte, and what to do. Values of rows stay out
of it with `hide_values`. Any notifier of Airflow's providers (Slack, SMTP, PagerDuty) takes the place of this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pendulum
from airflow.sdk import DAG, Connection
from airflow.sdk.bases.notifier import BaseNotifier

from airflow_dm_loader.task_group import DumpLoadTaskGroup

if TYPE_CHECKING:
    from airflow.sdk import Context


class TellChat(BaseNotifier):
    """Posts `{"text": ...}` to the webhook of an Airflow connection, its password as the token."""

    template_fields = ("text",)

    def __init__(self, text: str, conn_id: str = "chat", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = text
        self.conn_id = conn_id

    def notify(self, context: Context) -> None:
        chat = Connection.get(self.conn_id)
        port = f":{chat.port}" if chat.port else ""
        httpx.post(
            f"{chat.conn_type}://{chat.host}{port}/{chat.schema or ''}",
            headers={"Authorization": f"Bearer {chat.password}"},
            json={"text": self.text},
            timeout=10,
        ).raise_for_status()


with DAG(
    dag_id="example_dm_load_notify",
    description="Load each night's dump; a load that fails or waits for a person is told to the chat",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args={
        "on_failure_callback": TellChat("{{ ti.dag_id }} {{ ds }}, {{ ti.task_id }}: {{ exception }}\n{{ ti.log_url }}")
    },
    tags=["dm", "example"],
) as dag:
    DumpLoadTaskGroup(
        group_id="shop",
        target_conn_id="dm_target",
        config={"task_name": "shop-{{ ds }}", "dump_uri": "/dumps/shop/{{ ds }}/", "hide_values": True},
    )
