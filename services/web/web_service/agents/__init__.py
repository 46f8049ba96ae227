"""What acts for a person: API keys and programs, what they did, and taking it back."""
