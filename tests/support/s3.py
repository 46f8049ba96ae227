"""A local server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer


@contextmanager
def bucket_server(bucket: str) -> Iterator[dict[str, str]]:
    """Have a bucket; the environment in which programs reach it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "the-id", "aws_secret_access_key": "the-secret"}
        boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys).create_bucket(Bucket=bucket)
        names = {name.upper(): value for name, value in keys.items()}
        yield {**names, "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"}
    finally:
        server.stop()
