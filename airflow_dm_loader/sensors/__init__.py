"""The sensor at which the sources of a load task wait for each other."""
