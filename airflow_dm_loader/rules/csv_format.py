"""How CSV files read: the settings of dumpling's ``--csv-*`` and of Lightning's ``[mydumper.csv]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, field_validator, model_validator

from airflow_dm_loader.rules.rule import Rule

UTF8 = frozenset({"utf8", "utf8mb3", "utf8mb4"})
# In these no byte of a character looks like a separator, a quote or a backslash.
CUT_BY_BYTES = frozenset({
    "binary", "ascii", "utf8", "utf8mb3", "utf8mb4", "latin1", "latin2", "latin5", "latin7",
    "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "koi8r", "koi8u", "greek", "hebrew",
})  # fmt: skip


_LONGEST_MARK = 64
# In these some do: such files are made UTF-8 before they are cut.
RECODED = frozenset({"big5", "cp932", "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "sjis", "ujis"})


class CsvFormat(Rule):
    """The form of a dump's CSV files. The defaults are what dumpling writes."""

    separator: str = Field(
        ",", max_length=_LONGEST_MARK, description="Between fields; several characters are possible."
    )
    delimiter: str = Field(
        '"',
        max_length=_LONGEST_MARK,
        description="Around fields, or empty: there is none. Inside a field it stands twice.",
    )
    terminator: str = Field(
        "",
        max_length=_LONGEST_MARK,
        description='After a record. Empty: "\\n" or "\\r\\n", as the file\'s first one ends.',
    )
    header: bool = Field(True, description="The first record names the columns.")
    header_schema_match: bool = Field(
        True, description="The names are those of the table's columns. Off: the first record is passed over."
    )
    null: str | tuple[str, ...] = Field(
        "\\N", description="What stands for NULL, without the delimiter. A list: each of these, and all else is text."
    )
    not_null: bool = Field(False, description="There are no NULLs: what stands for one is text.")
    backslash_escape: bool = Field(True, description="A backslash gives the next character another meaning.")
    escaped_by: str | None = Field(
        None, max_length=1, description="The character that does so; empty: none does. None: as backslash_escape says."
    )
    trim_last_separator: bool = Field(False, description="Each record has a separator behind its last field too.")
    character_set: str = Field("utf8mb4", description="The charset of the text; dumpling's is utf8mb4.")
    data_invalid_char_replace: str | None = Field(
        None,
        max_length=_LONGEST_MARK,
        description="What stands for bytes that are no letters of character_set; such rows are told, and somebody must "
        "accept them. None: they are refused.",
    )
    allow_empty_lines: bool = Field(False, description="Empty lines are passed over, with a finding.")
    allow_mixed_line_ends: bool = Field(
        False, description="Records of one file may end with LF and with CRLF, with a finding."
    )
    allow_no_final_line_end: bool = Field(
        False, description="The last record of a file needs no line end, with a finding: a file that was cut looks so."
    )

    @property
    def escape(self) -> str:
        """What gives the next character another meaning; "": nothing does."""
        if self.escaped_by is not None:
            return self.escaped_by
        return "\\" if self.backslash_escape else ""

    @property
    def nulls(self) -> tuple[str, ...]:
        """The fields that are NULL."""
        if self.not_null:
            return ()
        return (self.null,) if isinstance(self.null, str) else self.null

    @property
    def tells_all_nulls(self) -> bool:
        """Whether what is no NULL by these settings is text for sure, even where other formats have a NULL."""
        return self.not_null or not isinstance(self.null, str)

    @property
    def is_recoded(self) -> bool:
        """Whether the file's text is made UTF-8 before it is cut."""
        return self.character_set in RECODED or self.data_invalid_char_replace is not None

    @field_validator("null", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("character_set")
    @classmethod
    def _known_charset(cls, value: str) -> str:
        if value.lower() not in CUT_BY_BYTES | RECODED:
            raise ValueError(f"must be one of {', '.join(sorted(CUT_BY_BYTES | RECODED))}")
        return value.lower()

    @model_validator(mode="after")
    def _tells_apart(self) -> Self:
        marks = {"separator": self.separator, "delimiter": self.delimiter, "terminator": self.terminator}
        self._check_letters(marks)
        if not self.separator:
            raise ValueError("separator must not be empty")
        if self.terminator and (self.trim_last_separator or self.allow_mixed_line_ends):
            raise ValueError("with a terminator, neither trim_last_separator nor allow_mixed_line_ends has a meaning")
        own = self.terminator.removeprefix(self.separator)  # a|b|\n is told by what follows the last separator
        if self.terminator and not own:
            raise ValueError("terminator must not be the separator")
        escaping = "backslash_escape" if self.escaped_by is None else "escaped_by"
        used = dict.fromkeys(self.escape, escaping)
        if not self.terminator:
            used |= dict.fromkeys("\r\n", "terminator")
        for name, mark in {**marks, "terminator": own}.items():
            for char in dict.fromkeys(mark):
                if used.setdefault(char, name) != name:
                    raise ValueError(f"{name} and {used[char]} share the character {char!r}: they can't be told apart")
        self._check_nulls(marks)
        self._check_replacement(used)
        return self

    def _check_letters(self, marks: Mapping[str, str]) -> None:
        """Other letters than those of ASCII have another form in each charset; in UTF-8 they can't be mistaken."""
        texts = [*marks.items(), *(("null", null) for null in self.nulls), ("escaped_by", self.escape)]
        for name, text in texts:
            if not text.isascii() and (not (self.is_recoded or self.character_set in UTF8) or name == "escaped_by"):
                raise ValueError(
                    f"{name} must be ASCII{'' if name == 'escaped_by' else f' in {self.character_set}'}: other "
                    "characters are seen, or not, by the charset"
                )

    def _check_replacement(self, used: Mapping[str, str]) -> None:
        if self.data_invalid_char_replace is None:
            return
        if self.character_set == "binary":
            raise ValueError("data_invalid_char_replace has no meaning for bytes: say character_set")
        if shared := next((char for char in self.data_invalid_char_replace if char in used), None):
            raise ValueError(f"data_invalid_char_replace and {used[shared]} share the character {shared!r}")

    def _check_nulls(self, marks: Mapping[str, str]) -> None:
        for null in self.nulls:
            if len(null) > _LONGEST_MARK:
                raise ValueError(f"null must have at most {_LONGEST_MARK} characters")
            for name, mark in marks.items():
                if mark and mark in null:
                    raise ValueError(f"null must not hold the {name}")
            if "\r" in null or "\n" in null:
                raise ValueError("null must not hold a line end")
