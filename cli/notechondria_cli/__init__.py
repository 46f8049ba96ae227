"""Operator commands that work on any deployment: doctor, backup, restore, users, events, import."""
