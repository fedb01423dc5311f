"""The trigger that waits for other sources without holding a worker slot."""
