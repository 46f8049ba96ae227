"""What services agree on: events, internal APIs with one client per service, enums, field rules and messages."""
