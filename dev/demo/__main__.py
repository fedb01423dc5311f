"""Load a sample dump through the DAG ``dm_load`` into a private MariaDB, and show what happens.

    python -m dev.demo [STORY ...]      without any: all of them

The exit status is 0 when everything went as it is told here, 1 when not, 130 after Ctrl-C. Nothing is left
behind, but for Airflow's log where something went wrong.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from dev.demo.stage import Stage
from dev.demo.stories import NotAsToldError, pause_and_accept, same_dump_again, sample_dump
from dev.demo.surroundings import start_airflow, start_server

STORIES = {story.__name__: story for story in (sample_dump, same_dump_again, pause_and_accept)}


def main(wanted: Sequence[str] = ()) -> int:
    started = time.monotonic()
    with Stage() as stage:
        try:
            stage.say("A dump goes into a database through Airflow, exactly once.", style="bold")
            stage.say()
            server = start_server(stage)
            dag, tasks = start_airflow(stage, server)
            for name in wanted or STORIES:
                STORIES[name](stage, dag, tasks, server)
        except NotAsToldError as error:
            return stage.fail(f"This did not go as told: {error}")
        except BrokenPipeError:
            return 1  # nobody listens any more
        except Exception as error:
            return stage.fail(f"The demo itself broke: {type(error).__name__}: {error}", error)
    took = time.monotonic() - started
    stage.say()
    stage.say(f"All of it went as told, in {took:.0f} s. The server and the temporary files are gone.", style="bold")
    return 0


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # nothing is left to be done, and taking Airflow's modules apart takes Python seconds
