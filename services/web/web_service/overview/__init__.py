"""The first page of an account, and the page that strangers see first."""
