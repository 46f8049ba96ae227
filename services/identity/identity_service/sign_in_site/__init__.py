"""The calls by which the newest apps sign in through a site in the browser (apps §3)."""
