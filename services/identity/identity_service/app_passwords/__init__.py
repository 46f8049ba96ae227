"""Passwords for single programs that know no second factor."""
