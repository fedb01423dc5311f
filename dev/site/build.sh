#!/bin/sh
# Builds the documentation's site into site/. Its tools live in an environment of their own, beside the tests' one, so
# that no test depends on them; once it is made, nothing is fetched.
set -eu
cd "$(dirname "$0")/../.."
. dev/uv.sh

environment=.bootstrap/docs
state=$(cat pyproject.toml uv.lock | cksum)
if [ "$(cat "$environment/stamp" 2>/dev/null)" != "$state" ]; then
    echo "docs: making $environment from uv.lock"
    UV_PROJECT_ENVIRONMENT=$environment "$uv" sync --locked --quiet --only-group docs --python .venv/bin/python
    echo "$state" >"$environment/stamp"
fi
PYTHONPATH=. NO_MKDOCS_2_WARNING=1 "$environment/bin/mkdocs" build --quiet --strict --clean
echo "docs: site/index.html, $(find site -name index.html | wc -l) pages"
