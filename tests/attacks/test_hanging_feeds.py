"""Calendars on servers that never answer hold up their owner, and nobody else."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from services.planner.tests.feed_server import FeedServer

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User
from tests.support.replica import another

HANGING = 80
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nEND:VCALENDAR\r\n"


def test_hanging_feeds_of_one_user_do_not_delay_those_of_others(stack: Stack, api: Api) -> None:
    attacker, honest = api.register(), api.register()
    slow, quick = FeedServer(), FeedServer("127.0.0.2")

    def subscribe(url: str, user: User, source: str) -> httpx.Response:
        body = {"title": secrets.token_hex(4), "source_kind": "S", "source_url": source}
        return httpx.post(
            f"{url}/api/v1/calendar-feeds/", json=body, headers=user.headers, timeout=120, trust_env=False
        )

    try:
        hosts = "127.0.0.1,127.0.0.2"
        with (
            another(stack, "planner", CALENDAR_FEED_ALLOW_HOSTS=hosts, CALENDAR_FETCH_SECONDS="10") as url,
            ThreadPoolExecutor(HANGING) as pool,
        ):
            sources = []
            for _ in range(HANGING):
                source, page = slow.page(CALENDAR)
                page.delay = 12
                sources.append(source)
            attempts = [pool.submit(subscribe, url, attacker, source) for source in sources]
            time.sleep(2)  # until the fetches hang
            began = time.monotonic()
            for _ in range(3):
                source, page = quick.page(CALENDAR)
                answer = subscribe(url, honest, source.replace("127.0.0.1", "127.0.0.2"))
                assert answer.status_code == 201, answer.text
                assert answer.json()["last_sync"], answer.json()
                assert len(page.asked) == 1
            assert time.monotonic() - began < 8  # less than one fetch of the others takes
            assert {attempt.result().status_code for attempt in attempts} == {201}
    finally:
        slow.close()
        quick.close()
