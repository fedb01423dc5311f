"""Three stories of a load, told in a terminal: ``make demo``."""
