"""Calendars that a person publishes, and those of others that they read here."""
