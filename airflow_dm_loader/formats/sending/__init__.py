"""What formats share to send rows.

two_ways.py    LOAD DATA where the rows allow it, statements for the rest
exactly.py     LOAD DATA LOCAL, and its word held against what was sent
blocks.py      rows in packets that the server takes
into.py        table and columns as statements have them, and what routes fill
row_sender.py  sends blocks, with the policy for keys that are there already
warnings.py    what the server's warnings mean
"""
