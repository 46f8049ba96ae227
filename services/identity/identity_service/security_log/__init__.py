"""What happened to the security of an account, kept for its owner."""
