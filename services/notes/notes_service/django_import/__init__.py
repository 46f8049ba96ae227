"""Importing notes' tables and files from the Django monolith (notes §2). Ids, uuids and share ids stay."""
