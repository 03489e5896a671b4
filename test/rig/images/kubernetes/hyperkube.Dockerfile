# kubelet, kube-proxy and kubectl with the programs that they call
ARG BASE
FROM ${BASE}
COPY install-packages /usr/local/sbin/install-packages
RUN install-packages ca-certificates mount iptables ipset conntrack ethtool socat iproute2 ebtables kmod procps e2fsprogs \
      containernetworking-plugins \
 && mkdir -p /opt/cni && ln -s /usr/lib/cni /opt/cni/bin
COPY kubelet kube-proxy kubectl /usr/local/bin/
COPY hyperkube /hyperkube
RUN chmod 755 /hyperkube
