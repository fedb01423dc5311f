"""What Airflow's provider manager asks for; it is imported by every Airflow process, so it imports nothing."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's description, in the form of Airflow's ``provider_info.schema.json``."""
    name = "TiDB DM loader"
    return {
        "package-name": "airflow-dm-loader",
        "name": name,
        "description": "Loads dumpling and mydumper dumps into TiDB, MySQL and MariaDB, exactly once.",
        "integrations": [
            {
                "integration-name": name,
                "external-doc-url": "https://docs.pingcap.com/tidb/stable/dm-overview/",
                "tags": ["software"],
            }
        ],
        "config": {
            "dm_loader": {
                "description": "What the loader of dumps may do here.",
                "options": {
                    "task_file_folders": {
                        "description": "Folders, separated by commas, that the param dm_task_file reads DM task files "
                        "from, besides the DAGs folder.",
                        "version_added": None,
                        "type": "string",
                        "example": "/etc/dm/tasks",
                        "default": "",
                    },
                    "docs_url": {
                        "description": "Where errors in a task's log link to: a folder that holds errors.md. Not set: "
                        "the page that Airflow's own server shows, below [api] base_url.",
                        "version_added": None,
                        "type": "string",
                        "example": "https://example.com/airflow-dm-loader/docs",
                        "default": "",
                    },
                },
            }
        },
        "hooks": [{"integration-name": name, "python-modules": ["airflow_dm_loader.hooks.target"]}],
        "operators": [
            {
                "integration-name": name,
                "python-modules": [
                    "airflow_dm_loader.operators.base",
                    "airflow_dm_loader.operators.branching",
                    "airflow_dm_loader.operators.metadata",
                    "airflow_dm_loader.operators.state",
                    "airflow_dm_loader.operators.importing",
                    "airflow_dm_loader.operators.verify",
                    "airflow_dm_loader.operators.resolve",
                    "airflow_dm_loader.operators.clean",
                    "airflow_dm_loader.operators.load_dump",
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": name,
                "python-modules": ["airflow_dm_loader.sensors.barrier", "airflow_dm_loader.sensors.dump"],
            }
        ],
        "triggers": [
            {
                "integration-name": name,
                "python-modules": [
                    "airflow_dm_loader.triggers.barrier",
                    "airflow_dm_loader.triggers.dump",
                    "airflow_dm_loader.triggers.import_jobs",
                ],
            }
        ],
    }
