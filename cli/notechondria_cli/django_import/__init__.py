"""Moving in from the Django monolith: its Postgres and its media folder, read into the four schemas.

`source.py` reads the monolith's tables, `accounts.py`, `writings.py` and `plans.py` turn its rows into ours,
`target.py` writes them, `report.py` counts what came over and what did not, `move.py` does it all in order.
"""
