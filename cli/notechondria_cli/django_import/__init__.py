"""Moving in from the Django monolith: `command.py` opens the idle system, `services.py` runs each service's own import.

What is imported and how stands in the services: `identity_service/django_import/` and so on.
"""
