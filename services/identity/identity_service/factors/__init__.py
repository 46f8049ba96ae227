"""The second factor of an account: an authenticator's digits, passkeys, and recovery codes for who lost both."""
