"""``python -m notechondria_launcher`` is the ``notechondria`` command."""

from notechondria_launcher.entry import main

main()
