"""What people look after among their notes: recycle bin, export, import, versions."""
