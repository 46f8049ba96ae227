"""``python -m notechondria_launcher`` is the ``notechondria`` command."""

from notechondria_launcher.cli import main

main()
