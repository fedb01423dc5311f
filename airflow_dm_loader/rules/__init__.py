"""What the user says of tables: routes and the block-allow list, as DM has them.

patterns.py          wildcards and regular expressions of names
rule.py              DM's keys, in kebab case or in snake case
routes.py            Route: which tables go where, and what they take along
block_allow_list.py  BlockAllowList: which tables are loaded at all
"""
