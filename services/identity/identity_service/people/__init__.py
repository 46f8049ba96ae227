"""What the account pages of the web service ask: `/internal/people/*`, for calls from inside alone."""
