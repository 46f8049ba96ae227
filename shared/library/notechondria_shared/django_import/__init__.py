"""Moving in from the Django monolith: what the imports of all services share.

Each service imports its own tables (`python -m notes_service import-django`), one after the other: identity, notes,
planner. `source.py` reads the monolith, `rows.py` gives its columns types, `target.py` writes a service's tables,
`handover.py` is what one import leaves for the next, `report.py` counts, `lines.py` is what the command prints for
`notechondria import-django`, and `command.py` is the command.
"""
