"""A stand-in for TiDB in the tests of IMPORT INTO: no TiDB could be had where this was built.

It speaks the protocol in front of a real MariaDB: statements about import jobs it answers itself, as TiDB's
documentation and sources say; all else it hands on. A job that runs really puts the files' rows into the table.

    packets.py  answers as the protocol has them
    jobs.py     the jobs: their checks, their life, what SHOW tells
    server.py   the connections, and the faults on them
"""
