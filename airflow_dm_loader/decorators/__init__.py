"""Decorators of the TaskFlow API: ``@task.load_dump``."""
