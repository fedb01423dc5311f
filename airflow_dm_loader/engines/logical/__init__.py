"""The logical engine: the dump's rows sent as SQL, chunk by chunk, each chunk exactly once.

engine.py        the engine, as the phases see it
pool.py          readers that cut, connections that send, memory bounded
feed.py          chunks on their way from the ones to the others
chunk_sender.py  one connection: chunk after chunk, each sent until it is in
transaction.py   one chunk: claim, send, complete, commit
file_work.py     what is left to do of each file

What a chunk holds and how that is sent, its format knows: see :mod:`airflow_dm_loader.formats`.
"""
