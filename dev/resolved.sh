#!/bin/sh
# Runs the fast tests and those of Airflow with the lowest or the newest versions that pyproject.toml allows, in an
# environment of its own: dev/resolved.sh lowest-direct | highest
set -eu
cd "$(dirname "$0")/.."
. dev/uv.sh

environment=.bootstrap/$1
[ -x "$environment/bin/python" ] || "$uv" venv --quiet --python .venv/bin/python "$environment"

# What is allowed, and what else is to hold, one requirement a line on stdin.
install() {
    { echo "airflow-dm-loader[azure,etcd,gcs,s3] @ file://$PWD" && cat; } |
        "$uv" pip compile --quiet --python .venv/bin/python --resolution "$1" --group dev --no-header - |
        sed "s|^airflow-dm-loader\[.*|-e .|" >"$environment/requirements.txt"
    "$uv" pip sync --quiet --python "$environment/bin/python" "$environment/requirements.txt"
    "$uv" pip check --quiet --python "$environment/bin/python"
}

test_with() { "$environment/bin/python" -m pytest -n auto --dist worksteal "$@"; }

if [ "$1" = highest ]; then
    install "$1" </dev/null
    test_with -m "(not db and not airflow) or airflow"
else
    # Airflow 3.1 wants its constraints, which pin structlog; without them it does not start.
    echo "structlog<25.5" | install "$1"
    test_with -m "not db and not airflow"
    # Nor does its API answer; and tests look into Airflow's inside, which is another in each version. See decision 039.
    "$uv" export --quiet --locked --no-dev --no-emit-project --no-hashes | grep "^apache-airflow\(-core\|-task-sdk\)\?==" |
        install "$1"
    test_with -m airflow
fi
