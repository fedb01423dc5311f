# To be sourced: defines $uv, the one of this machine or the one that bootstrap.sh got.
export UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
uv=uv
"$uv" --version >/dev/null 2>&1 || uv=$PWD/.bootstrap/bin/uv
