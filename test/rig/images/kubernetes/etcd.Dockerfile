ARG BASE
FROM ${BASE}
COPY install-packages /usr/local/sbin/install-packages
RUN install-packages etcd-server etcd-client \
 && ln -s /usr/bin/etcd /usr/bin/etcdctl /usr/local/bin/ \
 && rm -rf /var/lib/etcd/*
