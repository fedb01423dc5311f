#!/bin/sh
# Builds sdist and wheel into dist/, and runs the main job from the wheel, in an environment that holds nothing else and
# in a folder that does not have the sources: what a wheel forgets to bring along shows there.
set -eu
cd "$(dirname "$0")/.."
. dev/uv.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

rm -rf dist
"$uv" build --quiet --python .venv/bin/python
wheel=$(ls dist/*.whl)
[ -f "$(ls dist/*.tar.gz)" ]

"$uv" venv --quiet --python .venv/bin/python "$work/environment"
"$uv" export --quiet --locked --no-dev --no-emit-project --no-hashes >"$work/constraints.txt"
"$uv" pip install --quiet --python "$work/environment/bin/python" --constraint "$work/constraints.txt" "$wheel"
"$uv" pip check --quiet --python "$work/environment/bin/python"

mkdir -p "$work/demo/tests/data"
cp -r dev dags "$work/demo/"
cp -r tests/data/dumps "$work/demo/tests/data/"
cd "$work/demo"
"$work/environment/bin/python" -c '
import re, sys, airflow_dm_loader
from importlib import metadata, resources
assert airflow_dm_loader.__file__.startswith(sys.prefix), airflow_dm_loader.__file__
assert resources.files(airflow_dm_loader).joinpath("example_dags", "dm_load.py").is_file()
page = metadata.metadata("airflow-dm-loader").get_payload()
assert not re.findall(r"\]\((?!https?://|#)", page), "links of the package page that lead nowhere"
'
"$work/environment/bin/python" -m dev.demo
cd - >/dev/null
echo "release:" dist/*
