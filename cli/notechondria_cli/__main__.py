"""``python -m notechondria_cli`` is the ``notechondria`` command where no stack can be started."""

from notechondria_cli.main import app, run

run(app)
