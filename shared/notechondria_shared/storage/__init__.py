"""Files of users: one store, a folder or S3 (architecture §8 `MEDIA_STORE_URL`)."""

from notechondria_shared.storage.media import MediaStore, media_url

__all__ = ["MediaStore", "media_url"]
