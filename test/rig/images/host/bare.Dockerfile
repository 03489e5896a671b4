# A machine as a hoster hands it over: Debian, sshd, sudo. No docker.
ARG BASE
FROM ${BASE}
COPY install-packages /usr/local/sbin/install-packages
RUN install-packages openssh-server sudo iptables iproute2 kmod ca-certificates curl procps python3-minimal tini less \
      iputils-ping netcat-openbsd \
 && rm -f /etc/ssh/ssh_host_* /usr/local/sbin/install-packages

ARG LOGIN
ARG PASSWORD
ARG LOGIN_NOPASSWD
RUN useradd -m -s /bin/bash -G sudo ${LOGIN} \
 && echo "${LOGIN}:${PASSWORD}" | chpasswd \
 && useradd -m -s /bin/bash ${LOGIN_NOPASSWD} \
 && echo "${LOGIN_NOPASSWD} ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/${LOGIN_NOPASSWD} \
 && chmod 440 /etc/sudoers.d/${LOGIN_NOPASSWD} \
 && for u in ${LOGIN} ${LOGIN_NOPASSWD}; do install -d -m 700 -o $u -g $u /home/$u/.ssh; done \
 && printf 'MaxStartups 100:30:200\nMaxSessions 100\nUseDNS no\n' > /etc/ssh/sshd_config.d/rig.conf

# A diversion survives the package that brings the real runc later.
RUN dpkg-divert --local --rename --divert /usr/sbin/runc.real --add /usr/sbin/runc
COPY runc /usr/sbin/runc
# There before docker.io is: dpkg has to be told to keep it, or it asks.
COPY docker-defaults /etc/default/docker
RUN printf 'Dpkg::Options { "--force-confdef"; "--force-confold"; };\n' > /etc/apt/apt.conf.d/30keep-configuration
# invoke-rc.d starts the service of a new package only on a machine with an init and a runlevel.
RUN dpkg-divert --local --rename --add /sbin/init && dpkg-divert --local --rename --add /sbin/runlevel \
 && printf '#!/bin/sh\necho "this host was booted by rig-boot" >&2\nexit 1\n' > /sbin/init \
 && printf '#!/bin/sh\necho N 2\n' > /sbin/runlevel \
 && chmod 755 /sbin/init /sbin/runlevel
COPY boot /usr/local/sbin/rig-boot
RUN chmod 755 /usr/sbin/runc /usr/local/sbin/rig-boot
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/sbin/rig-boot"]
