"""How much is sent by what was seen of the server, its replicas and its cluster: the decision alone."""

from __future__ import annotations

import threading

import pytest

from airflow_dm_loader.engines.logical.throttle import Limits, Look, Pace, ReplicaLook, Throttle, beyond
from airflow_dm_loader.errors import RetriableError
from tests.clocks import FAST, NotedClock

LIMITS = Limits(threads_running=10, replica_lag_s=5.0, flow_control=0.5)


@pytest.mark.parametrize(
    ("look", "what", "words"),
    [
        (Look(2.0, threads_running=10), [], ""),
        (Look(2.0, threads_running=11), ["threads"], "11 threads run at the server (max_threads_running=10)"),
        (Look(2.0, threads_running=None), [], ""),
        (Look(2.0, replicas=(ReplicaLook("r:1", 5.0),)), [], ""),
        (Look(2.0, replicas=(ReplicaLook("r:1", 6.0),)), ["replica r:1"], "is 6 s behind (max_replica_lag_s=5)"),
        (Look(2.0, replicas=(ReplicaLook("r:1", None, "is gone"),)), ["replica r:1"], "the replica r:1 is gone"),
        (Look(2.0, paused_ns=1_500_000_000), [], ""),
        (Look(2.0, paused_ns=1_700_000_000), ["flow control"], "pauses writes 70% of the time (max_flow_control=0.5)"),
        (Look(2.0, refusals=frozenset({9003})), ["refusal 9003"], "TiDB has too much to do (error 9003)"),
    ],
)
def test_what_is_beyond_its_limit_is_told_with_both_figures(look: Look, what: list[str], words: str) -> None:
    found = beyond(LIMITS, Look(1.0, paused_ns=1_000_000_000), look)

    assert list(found) == what
    assert words in "".join(found.values())


def test_what_nobody_set_a_limit_for_slows_nothing() -> None:
    busy = Look(2.0, threads_running=999, paused_ns=10**12, replicas=(ReplicaLook("r:1", None, "is gone"),))

    assert beyond(Limits(), Look(1.0, paused_ns=0), busy) == {}
    assert beyond(LIMITS, None, Look(1.0, paused_ns=10**12)) == {}  # since when is not known


def test_it_becomes_slower_to_a_trickle_and_never_stops_and_faster_again() -> None:
    paces = [Pace(8)]
    for _ in range(12):
        paces.append(paces[-1].slower())
    assert [pace.senders for pace in paces[:5]] == [8, 4, 2, 1, 1]
    assert paces[-1] == Pace(1, 10.0)

    for _ in range(20):
        paces.append(paces[-1].faster(8))
    assert paces[-1] == Pace(8)
    assert all(pace.senders >= 1 for pace in paces)


def test_so_many_send_at_once_as_the_last_look_allows() -> None:
    throttle = Throttle(Limits(threads_running=10), 4, FAST)
    throttle.see(Look(1.0, threads_running=20))
    throttle.see(Look(2.0, threads_running=20))
    assert throttle.pace == Pace(1)
    ending = threading.Event()

    with throttle.turn(ending.is_set) as first:
        ending.set()
        with throttle.turn(ending.is_set) as second:
            pass
    ending.clear()
    with throttle.turn(ending.is_set) as third:
        pass

    assert (first, second, third) == (True, False, True)


def test_it_waits_between_chunks_and_a_stop_ends_the_wait() -> None:
    clock = NotedClock()
    throttle = Throttle(Limits(threads_running=1), 1, clock)
    throttle.see(Look(1.0, threads_running=2))
    ending = threading.Event()

    with throttle.turn(ending.is_set) as first:
        pass
    waiting = threading.Timer(0.05, ending.set)
    waiting.start()
    with throttle.turn(ending.is_set) as second:
        pass
    waiting.join()
    ending.clear()
    clock.sleep(0.5)
    with throttle.turn(ending.is_set) as third:
        pass

    assert (first, second, third) == (True, False, True)


def test_a_change_is_told_once_and_not_with_each_look() -> None:
    throttle = Throttle(Limits(threads_running=10), 4, FAST)
    told = []
    for threads in (5, 20, 30, 40, 5, 6):
        throttle.see(Look(1.0, threads_running=threads))
        told.append(throttle.reasons)

    assert told[1] == told[2] == told[3] != ""
    assert [bool(text) for text in told] == [False, True, True, True, False, False]


def test_what_tidb_refuses_slows_until_it_is_over() -> None:
    throttle = Throttle(Limits(), 4, FAST)
    looked = [throttle.looks]
    throttle.met(RetriableError("TiKV server is busy", errno=9003))
    throttle.met(RetriableError("something else", errno=1205))
    looked.append(throttle.looks)

    throttle.see(Look(1.0, refusals=throttle.take_refusals()))
    assert (throttle.pace, "9003" in throttle.reasons) == (Pace(2), True)
    throttle.see(Look(2.0, refusals=throttle.take_refusals()))
    assert (throttle.pace, throttle.reasons) == (Pace(4), "")
    assert [*looked, throttle.looks] == [False, True, False]
