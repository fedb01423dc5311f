"""The database server that a dump is loaded into: connections, session settings, names, schema."""
