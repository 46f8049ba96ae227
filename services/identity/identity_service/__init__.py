"""Identity: accounts, sessions, API keys and settings."""
