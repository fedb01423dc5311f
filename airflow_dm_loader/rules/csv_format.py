"""How CSV files read: the settings of dumpling's ``--csv-*`` and of Lightning's ``[mydumper.csv]``."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from airflow_dm_loader.rules.rule import Rule

# In these no byte of a character looks like a separator, a quote or a backslash.
CUT_BY_BYTES = frozenset({
    "binary", "ascii", "utf8", "utf8mb3", "utf8mb4", "latin1", "latin2", "latin5", "latin7",
    "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "koi8r", "koi8u", "greek", "hebrew",
})  # fmt: skip


class CsvFormat(Rule):
    """The form of a dump's CSV files. The defaults are what dumpling writes."""

    separator: str = Field(",", max_length=64, description="Between fields; several characters are possible.")
    delimiter: str = Field('"', description="Around fields: one character, or none. Inside a field it stands twice.")
    terminator: str = Field(
        "", max_length=64, description='After a record. Empty: "\\n" or "\\r\\n", as the file\'s first one ends.'
    )
    header: bool = Field(True, description="The first record names the columns.")
    null: str = Field("\\N", max_length=64, description="What stands for NULL, without the delimiter.")
    backslash_escape: bool = Field(True, description="A backslash gives the next character another meaning.")
    character_set: str = Field("utf8mb4", description="The charset of the text; dumpling's is utf8mb4.")

    @field_validator("character_set")
    @classmethod
    def _known_charset(cls, value: str) -> str:
        if value.lower() not in CUT_BY_BYTES:
            raise ValueError(f"must be one of {', '.join(sorted(CUT_BY_BYTES))}")
        return value.lower()

    @model_validator(mode="after")
    def _tells_apart(self) -> Self:
        marks = {"separator": self.separator, "delimiter": self.delimiter, "terminator": self.terminator}
        for name, mark in {**marks, "null": self.null}.items():
            if not mark.isascii():
                raise ValueError(f"{name} must be ASCII: in other characters servers see it, or not, by their charset")
        if not self.separator:
            raise ValueError("separator must not be empty")
        if len(self.delimiter) > 1:
            raise ValueError("delimiter must be one ASCII character, or empty")
        used = dict.fromkeys("\\", "backslash_escape") if self.backslash_escape else {}
        if not self.terminator:
            used |= dict.fromkeys("\r\n", "terminator")
        for name, mark in marks.items():
            for char in dict.fromkeys(mark):
                if used.setdefault(char, name) != name:
                    raise ValueError(f"{name} and {used[char]} share the character {char!r}: they can't be told apart")
        for name, mark in marks.items():
            if mark and mark in self.null:
                raise ValueError(f"null must not hold the {name}")
        if "\r" in self.null or "\n" in self.null:
            raise ValueError("null must not hold a line end")
        return self
