# Prints the certificates of a host, each file's after a line `== PATH`; of a file with a key only its certificates. Changes nothing.
for file in "$ROOT"/etc/kubernetes/pki/*.crt "$ROOT"/etc/kubernetes/pki/*.pem "$ROOT/var/lib/kubelet/pki/kubelet-client-current.pem"; do
  [ -f "$file" ] || continue
  printf '== %s\n' "${file#"$ROOT"}"
  sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' "$file"
done
