"""The Model Context Protocol server of Notechondria."""
