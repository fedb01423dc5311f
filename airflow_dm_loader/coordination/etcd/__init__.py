"""The etcd of a DM master, or one of our own in its layout: how it is reached and what stands in it. Needs ``[etcd]``.

settings.py    EtcdConfig: where it is and who we are
keys.py        DM's keys and values, to the byte
client.py      EtcdClient: the few calls that are needed, at whichever endpoint answers
failures.py    etcd's errors -> ours
"""
