"""The form of a rule: a mapping with DM's keys, strictly; ``schema-pattern`` may also be written ``schema_pattern``."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, model_validator


class Rule(BaseModel):
    """Base of all rules: frozen, unknown keys refused, texts never converted from anything else."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _snake_case(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        keys: dict[str, object] = {}
        for key, item in value.items():
            name = str(key).replace("-", "_")
            if name in keys:
                raise ValueError(f"{name} is given twice")
            keys[name] = item
        return keys
