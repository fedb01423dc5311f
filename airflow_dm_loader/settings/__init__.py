"""What the user says: :class:`~airflow_dm_loader.settings.load.LoadConfig` and ``TargetConfig``.

groups/      the settings themselves, as fields of frozen models, one a group
table.py     one row a setting: group, section of the form, engines that it is for, DM's key and number
load.py      LoadConfig: the groups together; names with and without their group, storing, DM task files
grouping.py  names without a group <-> groups
fields.py    a setting's field, default and JSON schema, for forms and pages
dm_task/     DM's task.yaml, whole: what each key becomes, or whose it is
target.py    TargetConfig
strict.py    what is wrong is refused where it is said, by name, without its value
choices.py values.py meant.py
"""
