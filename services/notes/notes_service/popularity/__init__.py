"""How popular notes are: by work sessions and comments (apps §4)."""
