"""Notes: courses, notes, blocks, files, versions and the recycle bin."""
