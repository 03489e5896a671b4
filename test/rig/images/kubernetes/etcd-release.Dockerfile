# etcd of a release: static binaries, and a shell to look around with
FROM scratch
COPY busybox /bin/busybox
COPY busybox /bin/sh
COPY etcd etcdctl etcdutl /usr/local/bin/
ENV PATH=/usr/local/bin:/bin
