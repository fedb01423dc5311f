"""``python -m airflow_dm_loader``: what loads do, asked and done from a shell.

arguments.py  what may be said; no password among it
server.py     which server, and where its password comes from
commands.py   what each command does, what it prints and how it exits
"""
