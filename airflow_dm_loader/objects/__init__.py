"""What a dump holds that runs: triggers, stored procedures and functions, events.

:mod:`~airflow_dm_loader.objects.kinds` has a row for each kind. A file of them is read as tokens
(:mod:`~airflow_dm_loader.objects.reading`), each statement must be the CREATE of one object
(:mod:`~airflow_dm_loader.objects.grammar`), and :mod:`~airflow_dm_loader.objects.making` makes and compares them.
"""
