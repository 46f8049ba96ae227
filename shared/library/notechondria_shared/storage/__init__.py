"""Files of users: one store, a folder or S3 (ADR 0015 `MEDIA_STORE_URL`).

`media` is the store of a running service; `location`, which settings read, needs nothing of it.
"""
