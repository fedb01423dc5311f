#!/bin/sh
# Runs the fast tests and those of Airflow with the lowest or the newest versions that pyproject.toml allows, in an
# environment of its own: dev/resolved.sh lowest-direct | highest
set -eu
cd "$(dirname "$0")/.."
. dev/uv.sh

environment=.bootstrap/$1
[ -x "$environment/bin/python" ] || "$uv" venv --quiet --python .venv/bin/python "$environment"
{
    echo "airflow-dm-loader[azure,etcd,gcs,s3] @ file://$PWD"
    # Airflow 3.1 is to be installed with its constraints, which pin structlog; without them it does not start.
    [ "$1" = highest ] || echo "structlog<25.5"
} |
    "$uv" pip compile --quiet --python .venv/bin/python --resolution "$1" --group dev --no-header - |
    sed "s|^airflow-dm-loader\[.*|-e .|" >"$environment/requirements.txt"
"$uv" pip sync --quiet --python "$environment/bin/python" "$environment/requirements.txt"
"$uv" pip check --quiet --python "$environment/bin/python"

"$environment/bin/python" -m pytest -n auto --dist worksteal -m "(not db and not airflow) or airflow"
