#!/bin/bash
# build-containerd.sh VERSION: a Debian package of a containerd release that bookworm does not have, for instance build-containerd.sh 2.4.2,
# out of Go's module proxy, and a source for apt with it, signed. Kept in the rig's cache as containerd-VERSION: *.deb, Packages, Release, InRelease, key.asc.
# The package has the programs alone: hosts of the rig have no systemd, and pai writes what starts it.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
(($# == 1)) || die "usage: build-containerd.sh VERSION, for instance 2.4.2"
version=$1
module=github.com/containerd/containerd/v2
out=$RIG_CACHE/containerd-$version
work=$RIG_CACHE/build-containerd-$version
mkdir -p "$work/module" "$work/root/usr/bin" "$work/root/DEBIAN" "$RIG_STATE/log"
need dpkg-scanpackages=dpkg-dev gpg=gnupg
command -v go > /dev/null || die "no Go on this machine"
export CGO_ENABLED=0 GOTOOLCHAIN=${GOTOOLCHAIN:-auto} GOFLAGS='-mod=mod -buildvcs=false -trimpath'

module_file() {
  local mod
  cd "$work/module"
  mod=$(go mod download -json "$module@v$version" | sed -n 's/^\t"GoMod": "\(.*\)",\{0,1\}$/\1/p')
  { echo "module pai.rig/containerd"; grep -E '^(go|toolchain|godebug) ' "$mod"; echo "require $module v$version"; } > go.mod
  rm -f go.sum
}

program() { # NAME
  cd "$work/module"
  nice -n 10 go build -p 1 -tags no_btrfs,no_devmapper,no_zfs -ldflags "-s -w -X $module/version.Version=v$version" \
    -o "$work/root/usr/bin/$1" "$module/cmd/$1"
}

package() {
  cat > "$work/root/DEBIAN/control" << CONTROL
Package: containerd
Version: $version-0rig1
Architecture: amd64
Maintainer: the rig <root@localhost>
Depends: runc (>= 1.1)
Description: containerd of the rig, built from its Go module
CONTROL
  rm -rf "$out.parts"
  mkdir -p "$out.parts"
  dpkg-deb --root-owner-group -Zxz -z1 --build "$work/root" "$out.parts/containerd_$version-0rig1_amd64.deb"
}

# A key of its own, which nobody else trusts.
sign() {
  cd "$out.parts"
  export GNUPGHOME=$work/gnupg
  mkdir -p "$GNUPGHOME"
  chmod 700 "$GNUPGHOME"
  gpg --batch --list-secret-keys 2> /dev/null | grep -q . || gpg --batch --passphrase '' --quick-generate-key 'pai rig packages' ed25519 sign never
  dpkg-scanpackages --multiversion . > Packages
  {
    echo "Suite: rig"
    echo "Date: $(date -Ru)"
    echo "SHA256:"
    echo " $(sha256sum Packages | cut -d ' ' -f 1) $(stat -c %s Packages) Packages"
  } > Release
  gpg --batch --yes --clearsign --output InRelease Release
  gpg --batch --yes --armor --export --output key.asc
  gpgconf --kill gpg-agent
}

step "module of containerd $version" module_file
for name in containerd containerd-shim-runc-v2 ctr; do
  [ -x "$work/root/usr/bin/$name" ] || step "compile $name $version" program "$name"
done
step "package of containerd $version" package
step "sign the package source" sign
rm -rf "$out" "$work"
mv "$out.parts" "$out"
say "$out"
