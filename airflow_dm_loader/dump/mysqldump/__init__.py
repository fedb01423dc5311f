"""A script of mysqldump or mariadb-dump: one file, many schemas and tables; read in one pass, as pieces.

A piece is a span of the script that makes one thing: a schema, a table's definition, some of its rows, a view, a
trigger. Each is read as a file of a dump would be, with the session that the script has at that place as its head. So
all else of a load sees a folder. Nothing of the script runs: what a statement is, and what session it stands in, is
told by a list of forms, and any other statement is refused.

    script.py     the statements as the mysql client cuts them: comments, DELIMITER
    session.py    the variables that the script sets, saves and restores
    forms.py      what a statement is
    splitter.py   statements -> pieces
    pieces.py     what a piece is, and how it is stored
    storage.py    the pieces as files
"""
