"""What moves the rows: one engine an import mode."""
