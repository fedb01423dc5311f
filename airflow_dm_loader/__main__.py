"""``python -m airflow_dm_loader``: loads from a shell; docs/command-line.md tells how."""

from __future__ import annotations

import sys

from airflow_dm_loader.command_line.commands import main

if __name__ == "__main__":
    sys.exit(main())
