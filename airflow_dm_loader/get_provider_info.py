"""What Airflow's provider manager asks for; it is imported by every Airflow process, so it imports nothing."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": ["string", "null"]}
_SECONDS = {"type": ["integer", "null"], "minimum": 1}
# Fields of the forms are the extras that the hooks' modules tell; older versions of Airflow show the extras as JSON.
_TARGET = {
    "connection-type": "dm_target",
    "hook-name": "DM target (TiDB, MySQL, MariaDB)",
    "hook-class-name": "airflow_dm_loader.hooks.target.DumpTargetHook",
    "conn-fields": {
        "ssl_mode": {
            "label": "TLS",
            "description": "Not said: used where the server offers it, without asking who the server is.",
            "schema": {
                **_TEXT,
                "enum": ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY", None],
            },
        },
        "ssl_ca": {
            "label": "TLS: file of the CA",
            "description": "With it the certificate and the host's name are verified.",
            "schema": _TEXT,
        },
        "ssl_cert": {"label": "TLS: file of the client's certificate", "schema": _TEXT},
        "ssl_key": {"label": "TLS: file of the client's key", "schema": _TEXT},
        "server_public_key_path": {
            "label": "File of the server's RSA key",
            "description": "For caching_sha2_password without TLS.",
            "schema": _TEXT,
        },
        "unix_socket": {"label": "Unix socket", "description": "In place of host and port.", "schema": _TEXT},
        "connect_timeout": {
            "label": "Connect timeout",
            "description": "Seconds for connecting and all that sets a session up.",
            "schema": _SECONDS,
        },
        "silent_server_s": {
            "label": "Silent server",
            "description": "Seconds that the server may say nothing while no statement of ours runs.",
            "schema": _SECONDS,
        },
    },
    "ui-field-behaviour": {
        "hidden-fields": [],
        "relabeling": {"schema": "Schema for Test", "login": "User"},
        "placeholders": {"host": "db.example.com", "port": "3306, TiDB: 4000", "schema": "where rows go; or empty"},
    },
}
_ETCD = {
    "connection-type": "etcd",
    "hook-name": "etcd",
    "hook-class-name": "airflow_dm_loader.hooks.etcd.EtcdHook",
    "conn-fields": {
        "endpoints": {
            "label": "Endpoints",
            "description": "The URLs of all members, with commas between them; then without a host.",
            "schema": _TEXT,
        },
        "ca": {"label": "TLS: file of the CA", "schema": _TEXT},
        "cert": {"label": "TLS: file of the client's certificate", "schema": _TEXT},
        "key": {"label": "TLS: file of the client's key", "schema": _TEXT},
        "timeout": {
            "label": "Timeout",
            "description": "Seconds of one call to one member.",
            "schema": _SECONDS,
        },
    },
    "ui-field-behaviour": {
        "hidden-fields": ["schema"],
        "relabeling": {},
        "placeholders": {"host": "etcd.example.com", "port": "2379"},
    },
}


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
        "hooks": [
            {
                "integration-name": name,
                "python-modules": ["airflow_dm_loader.hooks.target", "airflow_dm_loader.hooks.etcd"],
            }
        ],
        "connection-types": [_TARGET, _ETCD],
        "operators": [
            {
                "integration-name": name,
                "python-modules": [
                    "airflow_dm_loader.operators.base",
                    "airflow_dm_loader.operators.branching",
                    "airflow_dm_loader.operators.streaming",
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
        "extra-links": ["airflow_dm_loader.operators.links.LoadProgressLink"],
        "task-decorators": [
            {"name": "load_dump", "class-name": "airflow_dm_loader.decorators.load_dump.load_dump_task"}
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
