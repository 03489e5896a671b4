# A dev box in a container: pai, what it calls (ssh, git, bash), and kubectl. docs/dev-box.md says how it is run.
#   docker build -t pai .
# BASE  any image with Debian and Node 20.19 or newer
ARG BASE=node:22-bookworm-slim

FROM ${BASE} AS build
WORKDIR /opt/pai
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund --ignore-scripts && node node_modules/esbuild/install.js
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund --ignore-scripts \
 && rm -rf .cache test bench

FROM ${BASE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/*
# Not root: 1000 is the first user of most machines, so that files of mounted folders are its own.
ARG UID=1000
RUN getent passwd "$UID" > /dev/null || useradd --uid "$UID" --home-dir /home/pai --shell /bin/bash pai
COPY --from=build /opt/pai /opt/pai
# What pai writes: its cache, and kubectl with the operator's kubeconfig. The configuration is mounted.
RUN ln -s /opt/pai/bin/pai.js /usr/local/bin/pai && ln -s /opt/pai/scripts/kubectl /usr/local/bin/kubectl \
 && mkdir -p /opt/pai/.cache /home/pai/.kube /home/pai/.ssh && chown -R "$UID" /opt/pai/.cache /home/pai
ENV HOME=/home/pai
WORKDIR /opt/pai
USER ${UID}
ENTRYPOINT ["pai"]
CMD ["--help"]
