FROM debian:trixie-slim
RUN apt-get -q update \
    && apt-get -q -y --no-install-recommends install ca-certificates netbase python3 tzdata \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/man /usr/share/locale \
    && ln -s /usr/bin/python3 /usr/local/bin/python3 \
    && ln -s /usr/bin/python3 /usr/local/bin/python
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
CMD ["python3"]
