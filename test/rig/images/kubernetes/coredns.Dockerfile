# The cluster's name server: one static binary
FROM scratch
COPY coredns /coredns
ENTRYPOINT ["/coredns"]
