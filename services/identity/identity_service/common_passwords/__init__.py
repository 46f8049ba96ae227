"""The passwords that people choose most often (`tools/common_passwords.py` makes the list)."""
