"""Late gadolinium enhancement: how much scar, where, how deep."""
