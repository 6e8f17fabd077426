"""Networks that another machine runs; asked only where the user names a server."""
