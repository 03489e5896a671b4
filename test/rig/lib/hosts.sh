# shellcheck shell=bash
# Starting and removing hosts. Source common.sh first.

# Names of the capabilities in this machine's bounding set, in the order of linux/capability.h. The
# last three of the kernel's are not there: docker 20.10 takes them for a mistake.
machine_capabilities() {
  local bounding bit=0 name
  bounding=$((16#$(awk '/^CapBnd:/ {print $2}' /proc/self/status)))
  for name in CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE \
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT \
    SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE \
    AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ; do
    ((bounding >> bit++ & 1)) && echo "$name"
  done
  return 0
}

# Resolvers that a container can reach
machine_resolvers() {
  awk '$1 == "nameserver" && $2 !~ /^127\.|:/ {print $2}' /etc/resolv.conf /run/systemd/resolve/resolv.conf 2> /dev/null |
    awk '!seen[$0]++' | head -n 3 | xargs
}

host_key() {
  [ -f "$RIG_KEY" ] || ssh-keygen -q -t ed25519 -N '' -C "$RIG_NAME" -f "$RIG_KEY"
}

create_host() { # HOST IMAGE
  local host=$1 image=$2 options=() capability
  # All that there is instead of --privileged, which asks for more than a limited machine has; its
  # own cgroup root, so that kubelet's defaults fit; the state of container runtimes on volumes,
  # since overlay on overlay does not work.
  for capability in $(machine_capabilities); do options+=(--cap-add "$capability"); done
  [ -e /dev/kmsg ] && options+=(--device /dev/kmsg)
  [ -e /dev/fuse ] && options+=(--device /dev/fuse)
  docker create --name "$RIG_NAME-$host" --hostname "$host" --label "$RIG_NAME.image=$image" "${options[@]}" \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --device-cgroup-rule 'a *:* rwm' --cgroupns=private \
    --network "$RIG_NAME" --ip "$(host_ip "$host")" \
    --tmpfs /run:exec,mode=755 --tmpfs /tmp:exec,mode=1777 \
    -v "$RIG_NAME-$host-docker:/var/lib/docker" -v "$RIG_NAME-$host-containerd:/var/lib/containerd" \
    -v "$RIG_NAME-$host-kubelet:/var/lib/kubelet" \
    -e RIG_RESOLVERS="$(machine_resolvers)" "$image"
}

authorize_key() { # HOST: again at each start, for the state folder may be a new one
  local user
  for user in "$RIG_USER" "$RIG_USER_NOPASSWD"; do
    docker exec -i -u "$user" "$RIG_NAME-$1" sh -c 'umask 077; cat > ~/.ssh/authorized_keys' < "$RIG_KEY.pub" || return 1
  done
}

login_works() { # HOST
  ssh -n -F none -i "$RIG_KEY" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=3 -o LogLevel=ERROR \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$RIG_USER_NOPASSWD@$(host_ip "$1")" sudo -n true
}

docker_works() { docker exec "$RIG_NAME-$1" docker info; } # HOST

start_host() { # HOST IMAGE
  case $(container_state "$RIG_NAME-$1") in
    absent) create_host "$1" "$2" || return 1 ;;
    paused) docker unpause "$RIG_NAME-$1" ;;
  esac
  docker start "$RIG_NAME-$1" && wait_for 30 authorize_key "$1" && wait_for 60 login_works "$1" || return 1
  [ "$2" != "$RIG_NAME/host-docker" ] || wait_for 60 docker_works "$1"
}

host_up() { # HOST IMAGE
  local image
  if [ "$(container_state "$RIG_NAME-$1")" != absent ]; then
    image=$(docker inspect -f "{{index .Config.Labels \"$RIG_NAME.image\"}}" "$RIG_NAME-$1")
    [ "$image" = "$2" ] || say "$1 is there as ${image#"$RIG_NAME"/} and stays that (--fresh makes it anew)"
  fi
  step "start $1 ($(host_ip "$1"))" start_host "$1" "$2"
}

remove_host() { # HOST
  local name=$RIG_NAME-$1
  # not stopped in order: its mounts and processes end with its namespaces, its disks go as well
  docker rm -f "$name"
  docker volume rm -f "$name-docker" "$name-containerd" "$name-kubelet"
}

host_down() { step "remove $1" remove_host "$1"; }

hosts_down() { # HOST...
  local host pids=()
  for host in "$@"; do
    host_down "$host" &
    pids+=($!)
  done
  all "${pids[@]}"
}
