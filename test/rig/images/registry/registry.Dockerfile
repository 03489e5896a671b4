# Debian's docker-registry: :5000 in the clear, :5443 with TLS and a password, one store
ARG BASE
FROM ${BASE}
COPY install-packages /usr/local/sbin/install-packages
RUN install-packages docker-registry tini
COPY serve /usr/local/bin/serve
RUN chmod 755 /usr/local/bin/serve
ENTRYPOINT ["/usr/bin/tini", "-g", "--", "/usr/local/bin/serve"]
