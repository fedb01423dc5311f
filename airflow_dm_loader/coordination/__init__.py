"""Where the sources of one load task wait for each other, and say who loads them, as DM's do in etcd.

base.py       Coordination: barrier and lock together, what each backend does; Backend: how one is opened
backends.py   which there are
in_target.py  two tables in the target's meta schema
in_etcd.py    a DM master's etcd, or one in its layout; etcd/ is how that is reached
"""
