"""How long a load takes, beside other tools and beside the server's own limit: ``make bench``."""
