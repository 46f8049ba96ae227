"""What every way of signing in ends with: a session, a line of the security log, a mail about a new device."""
