"""Settings that are refused where they are said, with TiDB Data Migration's error code where DM has one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.meant import meant

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class CodedError(ValueError):
    """A wrong setting, or settings that contradict each other, where DM has a number for that very mistake."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Strict(BaseModel):
    """Raises :class:`ConfigError` for a wrong value, which never repeats the value: it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _config_error(type(self), error) from None

    @classmethod
    def dm_codes(cls) -> Mapping[str, int]:
        """DM's number for a wrong value of a setting, where it has one."""
        return {}

    @classmethod
    def told_by(cls, place: tuple[str, ...]) -> tuple[str, ...]:
        """The path by which a problem at this place is told."""
        return place

    @classmethod
    def unknown(cls, place: tuple[str, ...]) -> str:
        """What to say of a name that is not known."""
        if len(place) > 1:
            return "there is no such key"
        return f"{cls.__name__} has no such setting{meant(place[0], cls.model_fields)}"


def _config_error(model: type[Strict], error: ValidationError) -> ConfigError:
    told = [_problem(model, problem) for problem in error.errors(include_input=False, include_url=False)]
    return ConfigError("; ".join(text for text, _ in told), code=_first(code for _, code in told))


def _problem(model: type[Strict], problem: ErrorDetails) -> tuple[str, int | None]:
    """A problem in words, and DM's number for it."""
    place = tuple(str(part) for part in problem["loc"])
    path = place if problem["type"] == "model_type" and len(place) == 1 else model.told_by(place)
    text = problem["msg"].removeprefix("Value error, ")
    cause = problem.get("ctx", {}).get("error")
    field = path[0] if path else text.split(":")[0]
    code = cause.code if isinstance(cause, CodedError) else model.dm_codes().get(field)
    if problem["type"] == "extra_forbidden":
        text = model.unknown(place)
    elif problem["type"] == "missing":
        text = "is required"
    return f"{'.'.join(path)}: {text}" if path else text, code


def _first(codes: Iterable[int | None]) -> int | None:
    return next((code for code in codes if code is not None), None)
