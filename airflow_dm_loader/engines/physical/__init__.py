"""The physical engine: TiDB's own ``tidb-lightning``, driven from outside.

engine.py       the engine, as the phases see it
requirements.py  what it asks of the server, of its account and of the dump
importing.py    begun, run to its end, written down: nothing is imported twice
configuration.py  a load -> Lightning's configuration; pure
checkpoint.py   where Lightning keeps its checkpoint, which we keep until our own state says that the load is finished
data_files.py    which it reads; what the heads of the data files say, which Lightning does not read
executable.py   finds the program, asks its version
process.py      runs it: its own process group, its output line by line, its end
status.py       asks it over HTTP how far it is
endings.py      what its end means: imported, a checksum that differs, or an error
preparation.py  all that a run needs
program_run.py  one run from the TOML to the ending
task_info.py    the rows in conflict that it left in the target
lightning_findings.py  what was loaded: its part of the outcome that a person may have to accept
"""
