# Every target makes its own environment first; see dev/bootstrap.sh.
.DEFAULT_GOAL := help
# Python keeps what it compiled, whatever the machine says: tests start hundreds of interpreters, some with Airflow.
export PYTHONDONTWRITEBYTECODE :=
FOREIGN := $(TEST_TIDB_DSN)$(TEST_MYSQL_DSN)$(TEST_MARIADB_DSN)
.PHONY: help demo test servers check faults fuzz lowest latest bench docs release bootstrap static

help: ## show this help
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | awk -F'\t' '{ printf "make %-10s %s\n", $$1, $$2 }'

demo: bootstrap ## load a sample dump through the DAG into a private MariaDB, and show it
	@.venv/bin/python -m dev.demo

test: bootstrap static ## all checks and all tests
	.venv/bin/python -m pytest -n auto --dist worksteal

servers: bootstrap ## all tests of servers, on each kind of server or on those of TEST_{TIDB,MYSQL,MARIADB}_DSN
	.venv/bin/python -m pytest $(if $(FOREIGN),,-n auto --dist worksteal) -m db --servers=all

check: bootstrap static ## format, lint, types, layers and the fast tests: under a minute
	FUZZ=$(or $(FUZZ),30) .venv/bin/python -m pytest -n auto --dist worksteal -m "not db and not airflow" --ignore=tests/airflow

faults: bootstrap ## kill, cut and freeze loads hundreds of times, and count it (a few minutes)
	FAULTS=long .venv/bin/python -m pytest tests/faults tests/engines/logical/test_both_paths.py

fuzz: bootstrap ## random input against the readers and the server: make fuzz FUZZ=100000
	FUZZ=$(or $(FUZZ),20000) .venv/bin/python -m pytest --timeout=0 --servers=all tests/hostile tests/dump/test_lexer.py \
		tests/formats/delimited/test_grammar_on_server.py

lowest: bootstrap ## the fast tests and Airflow's, with the oldest versions of everything that pyproject.toml allows
	@dev/resolved.sh lowest-direct

latest: bootstrap ## the same with the newest
	@dev/resolved.sh highest

matrix: bootstrap ## the oldest and newest Airflow of each minor version: tests and a real one (some minutes each)
	@.venv/bin/python -m dev.matrix $(MATRIX)

bench: bootstrap ## measure loads beside other tools (half an hour; see benchmarks/README.md)
	@.venv/bin/python -m benchmarks $(BENCH)

docs: bootstrap ## build the documentation's site into site/, links checked
	@dev/site/build.sh

release: bootstrap ## build sdist and wheel, and run the main job from the wheel in an empty environment
	@dev/release.sh

bootstrap: ## make .venv and install what is missing
	@dev/bootstrap.sh

static: bootstrap
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/lint-imports --no-logo
	.venv/bin/mypy
