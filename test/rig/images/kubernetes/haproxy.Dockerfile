ARG BASE
FROM ${BASE}
COPY install-packages /usr/local/sbin/install-packages
RUN install-packages haproxy && mkdir -p /usr/local/etc/haproxy
# asks haproxy to finish its sessions and end
STOPSIGNAL SIGUSR1
ENTRYPOINT ["/usr/sbin/haproxy"]
CMD ["-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
