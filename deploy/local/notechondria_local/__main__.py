"""``python -m notechondria_local`` is the ``notechondria`` command."""

from notechondria_local.cli import main

main()
