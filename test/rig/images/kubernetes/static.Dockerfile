# kube-apiserver, kube-controller-manager, kube-scheduler: one static binary, and a shell to look around with
FROM scratch
COPY busybox /bin/busybox
COPY busybox /bin/sh
ARG NAME
COPY ${NAME} /usr/local/bin/${NAME}
ENV PATH=/usr/local/bin:/bin
