"""Reading a dump: file names, metadata, storage, compression and, from these, the inventory."""
