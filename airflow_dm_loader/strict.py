"""Settings that are refused where they are said, with TiDB Data Migration's error code where DM has one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_dm_loader.errors import ConfigError

# DM's number for a wrong value of the setting.
_DM_CODES = {
    "import_mode": 20053,
    "on_duplicate_logical": 20054,
    "dump_uri": 20058,
    "on_duplicate_physical": 20062,
    "checksum": 20063,
    "analyze": 20065,
    "block_allow_list": 20044,
    "routes": 20045,
}


class CodedError(ValueError):
    """A wrong setting, or settings that contradict each other, where DM has a number for that very mistake."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Strict(BaseModel):
    """Raises :class:`ConfigError` for a wrong value, which never repeats the value: it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _config_error(type(self).__name__, error) from None


def _config_error(model: str, error: ValidationError) -> ConfigError:
    problems, code = [], None
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        field = name.split(".")[0] or text.split(":")[0]
        cause = problem.get("ctx", {}).get("error")
        code = code or (cause.code if isinstance(cause, CodedError) else _DM_CODES.get(field))
        if problem["type"] == "extra_forbidden":
            text = f"{model} has no such setting" if len(problem["loc"]) == 1 else "there is no such key"
        elif problem["type"] == "missing":
            text = "is required"
        problems.append(f"{name}: {text}" if name else text)
    return ConfigError("; ".join(problems), code=code)
