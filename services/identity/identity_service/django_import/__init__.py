"""Importing identity's tables from the Django monolith: accounts, API keys, links to providers, invitations."""
