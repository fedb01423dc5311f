"""The triggers: they wait without holding a worker slot."""
