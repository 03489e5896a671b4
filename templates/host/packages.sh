# Installs what runs containers, from the host's package sources or from one that the payload brings. Follows the runtime's file.
#
# PACKAGES (NAME or NAME=VERSION with blanks between; empty: what the system calls them), PACKAGE_SOURCE (host, only: nothing but
# the payload's source is asked; also: it is asked besides). packages/: pai.list, and perhaps pai.asc or pai.gpg, its key.

SOURCE_LIST=$ROOT/etc/apt/sources.list.d/pai.list

# The payload's source is put where apt looks, or taken away. The packages of apt must be able to read it.
write_package_source() {
  for key in pai.asc pai.gpg; do
    if [ -f "packages/$key" ]; then
      mkdir -p "$ROOT/etc/apt/keyrings"
      chmod 755 "$ROOT/etc/apt/keyrings"
      cp "packages/$key" "$ROOT/etc/apt/keyrings/$key"
      chmod 644 "$ROOT/etc/apt/keyrings/$key"
    else
      rm -f "$ROOT/etc/apt/keyrings/$key"
    fi
  done
  if [ -f packages/pai.list ]; then
    cp packages/pai.list "$SOURCE_LIST"
    chmod 644 "$SOURCE_LIST"
  else
    rm -f "$SOURCE_LIST"
  fi
}

remove_package_source() { rm -f "$SOURCE_LIST" "$ROOT/etc/apt/keyrings/pai.asc" "$ROOT/etc/apt/keyrings/pai.gpg"; }

# apt WORD...: apt-get that waits for a lock, and asks the sources that it may. The lists of the others stay.
apt() {
  if [ "$PACKAGE_SOURCE" = only ]; then
    set -- -o "Dir::Etc::sourcelist=$SOURCE_LIST" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 "$@"
  fi
  apt-get -o DPkg::Lock::Timeout=300 -q "$@"
}

install_runtime() {
  # Packages must be able to read what they install: pai's own umask keeps everybody out.
  umask 022
  export DEBIAN_FRONTEND=noninteractive
  apt update || fail "apt-get update failed: check $(if [ "$PACKAGE_SOURCE" = host ]; then echo "the host's package sources"; else echo "package-source"; fi)"
  # shellcheck disable=SC2046,SC2086 # words on purpose
  set -- ${PACKAGES:-$(runtime_packages)}
  check_offered "$@"
  apt install -y --no-install-recommends "$@"
  umask 077
}
