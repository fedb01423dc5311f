"""The load's memory: a few fixed tables in the target's meta schema, next to the rows that they speak of.

A chunk's row is written in the transaction of the chunk's rows, so what is stored is what happened.
"""
