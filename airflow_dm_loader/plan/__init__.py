"""From what the dump holds to what goes where. Pure: no file, no server, no clock; same input, same order."""
