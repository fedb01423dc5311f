"""How data files are read and their rows sent: one folder a format.

base.py         Format and Payload, the two things that a format is; Chunk, which carries one; the format of a file
chunk_chain.py  what every cutter of a file does alike: the chain of chunks, and jumping over those that are committed
sending/        what formats share: LOAD DATA held to its word, statements, what to do with a duplicate
sql/            files of INSERT statements
delimited/      CSV, and mydumper's .dat
"""
