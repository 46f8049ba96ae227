FROM debian:trixie-slim
RUN apt-get -q update \
    && apt-get -q -y --no-install-recommends install busybox \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/bin/busybox /usr/local/bin/wget
COPY nats-server /usr/local/bin/nats-server
CMD ["nats-server", "--config", "/etc/nats/nats-server.conf"]
