from __future__ import annotations

import ssl

import pytest

from airflow_dm_loader.dump.storage.troubles import by_network, by_status
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    DumpNotFoundError,
    DumpRefusedError,
    LoaderError,
    RetriableError,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, DumpNotFoundError),
        (400, DumpNotFoundError),
        (401, DumpRefusedError),
        (403, DumpRefusedError),
        (404, DumpNotFoundError),
        (408, RetriableError),
        (412, CheckpointError),
        (416, CheckpointError),
        (429, RetriableError),
        (500, RetriableError),
        (503, RetriableError),
    ],
)
def test_an_answer_is_waited_for_refused_or_final(status: int, kind: type[LoaderError]) -> None:
    trouble = by_status(status, "Code")
    assert (trouble.kind, trouble.what) == (kind, f"the storage says {status} Code")
    assert ("dump_conn_id" in str(trouble.remedy)) == (kind is DumpRefusedError)


def test_a_connection_that_breaks_may_come_back_and_a_certificate_that_is_not_trusted_stays_so() -> None:
    assert by_network(ConnectionResetError()).kind is RetriableError
    untrusted = ssl.SSLCertVerificationError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert by_network(untrusted).kind is ConfigError
