FROM scratch
COPY traefik /usr/local/bin/traefik
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/usr/local/bin/traefik"]
