"""The logical engine: the dump's rows sent as SQL, chunk by chunk, each chunk exactly once.

chunks.py       a data file -> the chain of its chunks
row_block.py    the rows of a statement -> packets that the server takes
duplicates.py   sends them, with the policy for keys that are there already
transaction.py  one chunk: claim, send, complete, commit
pool.py         readers that cut, connections that send, memory bounded
file_work.py    what is left to do of each file
"""
