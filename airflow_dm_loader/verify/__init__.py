"""Does the target hold what the dump held? Rows, checksums, and statistics for the optimizer."""
