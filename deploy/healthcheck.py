#!/usr/bin/env -S python3 -I -S
"""Exit 0 when this container answers: a service by its readiness, the whole stack by its gateway."""

import http.client
import os
import sys

ALL = os.environ.get("NOTECHONDRIA_SERVICE") == "all-in-one"
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
try:
    # By the name that every service accepts.
    headers = {"Host": "localhost"}
    connection.request("GET", "/api/v1/health/" if ALL else "/internal/health/ready", headers=headers)
    sys.exit(0 if connection.getresponse().status == http.client.OK else 1)
except OSError as error:
    sys.exit(str(error))
