# shellcheck shell=sh
# A simulated kubectl, as far as host scripts need it. Follows host.sh.

simulated_kubectl() {
  server=
  path=
  verb=
  while [ "$#" -gt 0 ]; do
    case $1 in
      --server=*) server=${1#--server=} ;;
      --raw)
        shift
        path=${1-}
        ;;
      --*) ;;
      *) verb=${verb:-$1} ;;
    esac
    shift
  done
  if [ "$verb" != get ] || [ -z "$path" ]; then
    complain "error: the simulated kubectl of a host knows only 'get --raw PATH'"
    return 1
  fi
  case $server in
    '') some_apiserver_answers || not_answering "$SANDBOX_ADDRESS:6443" || return 1 ;;
    https://127.0.0.1:6443) own_apiserver || return 1 ;;
    https://127.0.0.1:10257) own_component kube-controller-manager 10257 || return 1 ;;
    https://127.0.0.1:10259) own_component kube-scheduler 10259 || return 1 ;;
    *) not_answering "${server#https://}" || return 1 ;;
  esac
  case $path in
    /readyz | /healthz | /livez) printf ok ;;
    /api/v1/nodes/*) node_object "${path#/api/v1/nodes/}" ;;
    *)
      complain 'Error from server (NotFound): the server could not find the requested resource (simulated)'
      return 1
      ;;
  esac
}

not_answering() {
  complain "The connection to the server $1 was refused - did you specify the right host or port?"
  return 1
}

own_apiserver() {
  static_pod_runs "$SANDBOX_HOST" kube-apiserver || not_answering 127.0.0.1:6443 || return 1
  etcd_commits "$SANDBOX_HOST" && return 0
  # shellcheck disable=SC2028 # as the real one prints it
  printf '%s\n' 'Error from server (InternalError): an error on the server ("[-]etcd failed: reason withheld\nreadyz check failed") has prevented the request from succeeding' >&2
  return 1
}

own_component() { static_pod_runs "$SANDBOX_HOST" "$1" || not_answering "127.0.0.1:$2"; }

# A node is there once its kubelet has run, and Ready while it runs.
node_object() {
  state=
  host=
  if host_at "$1"; then container_state "$host" kubelet; fi
  if [ -z "$state" ]; then
    complain "Error from server (NotFound): nodes \"$1\" not found"
    return 1
  fi
  if kubelet_runs "$host"; then
    condition='"status":"True","lastHeartbeatTime":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"'
    condition=$condition',"reason":"KubeletReady","message":"kubelet is posting ready status (simulated)"'
  else
    condition='"status":"Unknown","reason":"NodeStatusUnknown","message":"Kubelet stopped posting node status."'
  fi
  printf '{"kind":"Node","apiVersion":"v1","metadata":{"name":"%s"},"status":{"conditions":[{"type":"Ready",%s}]}}' "$1" "$condition"
}
