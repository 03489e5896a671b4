import { shellQuote, targetFileName } from './shell.js';

/**
 * The programs that run on a host as root, in POSIX sh. They travel over standard input, so that neither a process list
 * nor sudo's log has more of them than a short bootstrap line.
 *
 * Everything lives under `$ROOT/var/lib/pai`, for root only:
 * - `stamps/<target>`: what was last applied; `unfinished/<target>`: something was started and not brought to its end
 * - `log/<target>.log`: output of the last run; `result/<target>`: how that ended (`<id> <code> <phase> end`)
 * - `run/<id>/`: payload of a run while it lasts
 * - `lock`: flock'ed by the run that is on; `lock.info`: who that is (`<id> <pid> <fingerprint> <since> <run> <target>`)
 */
const STATE_DIRECTORY = '/var/lib/pai';

/** Enters fingerprints: a new number makes every host target stale. For changes that alter what scripts can rely on. */
export const SUPERVISOR_PROTOCOL = 1;

/** Seconds that a probe may take when targets are looked at. */
export const PROBE_SECONDS = 20;

/** How a run on a host ended. */
export type RunPhase = 'done' | 'script' | 'probe' | 'stamp' | 'stopped';

/** sbin is missing from the PATH of some login shells. */
const SHELL_PATH = `PATH=\${PATH:-/usr/bin:/bin}:$root/usr/local/sbin:$root/usr/sbin:$root/sbin
export PATH`;

/**
 * Runs on the connection: takes the lock, starts the job detached, then shows its log. Says first what became of it, as
 * one line: `pai-status started`, `pai-status attached <id>`, or `pai-status locked <since> <run> <target>`.
 */
export const START_PROGRAM = `${SHELL_PATH}
exec 9>>lock
if ! flock -w 1 9; then
  rm -rf "run/$id"
  IFS=' ' read -r other_id other_pid other_print other_since other_run other_target <lock.info
  if [ "$other_target" = "$target" ] && [ "$other_print" = "$fingerprint" ]; then
    exec 9>&-
    printf 'pai-status attached %s\\n' "$other_id"
    exec tail -c +1 -s 0.2 -f --pid="$other_pid" "log/$file.log"
  fi
  printf 'pai-status locked %s %s %s\\n' "$other_since" "$other_run" "$other_target"
  exit 0
fi
# The lock was free: whatever an earlier holder left behind belongs to nobody now.
if [ -s lock.info ]; then
  IFS=' ' read -r other_id _ <lock.info
  rm -rf "run/\${other_id:-none}"
fi
: >lock.info
for left in run/*; do
  if [ "$left" != "run/$id" ]; then
    find run -mindepth 1 -maxdepth 1 -mmin +60 ! -name "$id" -exec rm -rf {} +
    break
  fi
done
: >"log/$file.log"
setsid sh "run/$id/job" </dev/null >>"log/$file.log" 2>&1 &
exec 9>&-
echo 'pai-status started'
tail -c +1 -s 0.2 -f --pid="$!" "log/$file.log" &
# Without somebody to wait for it, a dead job would stay in the process table, and tail take it for alive.
wait
`;

/**
 * Runs detached and holds the lock: removes the stamp, runs script and probe, writes the stamp last. Its output is the
 * log; the last line of that is `pai-end <id> <code> <phase>`.
 */
export const JOB_PROGRAM = `${SHELL_PATH}
stopped=
trap 'stopped=1' TERM INT HUP
printf '%s\\n' "$id $$ $fingerprint $since $run $target" >lock.info
: >"unfinished/$file"
if [ -e "stamps/$file" ]; then
  # Durable before anything changes, or a power cut could bring the old stamp back to a half-changed host.
  rm -f "stamps/$file"
  sync stamps unfinished
fi
here=$base/run/$id
[ -d "$here/payload" ] || mkdir "$here/payload"
ROOT=$root
export ROOT
phase=script
# What the script leaves running must not keep the lock: descriptor 9 stays here.
(cd "$here/payload" && exec sh ../script 9>&-)
code=$?
if [ "$code" = 0 ] && [ -z "$stopped" ] && [ -f "$here/probe" ]; then
  phase=probe
  printf 'pai-probe %s\\n' "$id"
  (cd "$here/payload" && exec sh ../probe 9>&-)
  code=$?
fi
marker=
if [ -n "$stopped" ]; then
  phase=stopped code=143
elif [ "$code" = 0 ]; then
  if [ -f "$here/stamp" ] && ! { sync "$here/stamp" && mv -f "$here/stamp" "stamps/$file"; }; then
    phase=stamp code=1
  else
    phase='done' marker=unfinished/$file
  fi
fi
rm -rf "$here" \${marker:+"$marker"}
printf '%s %s %s end\\n' "$id" "$code" "$phase" >"result/$file"
: >lock.info
printf 'pai-end %s %s %s\\n' "$id" "$code" "$phase"
`;

/**
 * Finds a run again. Says first `pai-status running`, `pai-status ended <code> <phase>` or `pai-status gone`, then shows
 * the log from byte `offset` on.
 */
export const ATTACH_PROGRAM = `${SHELL_PATH}
cd "$base" || exit 125
log=log/$file.log
ended() {
  IFS=' ' read -r result_id code phase end 2>/dev/null <"result/$file" || return 1
  [ "$result_id" = "$id" ] && [ "$end" = end ]
}
show_ended() {
  printf 'pai-status ended %s %s\\n' "$code" "$phase"
  exec tail -c "+$((offset + 1))" "$log"
}
if ended; then show_ended; fi
exec 9>>lock
if flock -n 9; then
  if ended; then show_ended; fi
  echo 'pai-status gone'
  exit 0
fi
exec 9>&-
IFS=' ' read -r other_id other_pid _ <lock.info
if [ "$other_id" = "$id" ]; then
  echo 'pai-status running'
  exec tail -c "+$((offset + 1))" -s 0.2 -f --pid="$other_pid" "$log"
fi
if ended; then show_ended; fi
echo 'pai-status gone'
`;

/** Ends a run with everything that it started in its process group: asks first, then kills. */
export const STOP_PROGRAM = `${SHELL_PATH}
cd "$base" || exit 0
exec 9>>lock
if flock -n 9; then
  # Not running; without its payload it can't start any more either.
  rm -rf "run/$id"
  exit 0
fi
exec 9>&-
IFS=' ' read -r other_id pid _ <lock.info
if [ "$other_id" != "$id" ]; then
  rm -rf "run/$id"
  exit 0
fi
kill -s TERM -- "-$pid"
tries=0
while kill -s 0 -- "-$pid" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 50 ]; then
    kill -s KILL -- "-$pid"
    rm -rf "run/$id"
    break
  fi
  sleep 0.1
done
`;

/**
 * Removes what pai keeps on a host once nothing of it is applied there: no stamp, nothing unfinished. Files that scripts left on purpose stay (keys that
 * belong to data). Under the lock; what is being uploaded meanwhile is a folder in `run/`, so that this can't be removed and all stays.
 */
export const TIDY_PROGRAM = `${SHELL_PATH}
cd "$base" 2>/dev/null || exit 0
if [ -n "$(find run stamps unfinished -mindepth 1)" ]; then exit 0; fi
exec 9>>lock
flock -n 9 || exit 0
rmdir run || exit 0
rm -rf log result stamps unfinished
[ -e run ] || rm -f lock.info lock
cd /
rmdir "$base" 2>/dev/null || :
`;

/** Prints the frames of one target; each is one write, because several targets are looked at side by side. */
export const LOOK_PROGRAM = `look() {
  if [ -e "unfinished/$2" ]; then
    printf '%s unfinished %s\\n' "$mark" "$2"
  elif ! [ -e "stamps/$2" ]; then
    return
  fi
  words=$(
    timeout -k 2 ${PROBE_SECONDS} sh /dev/fd/3 2>&1 3<<PROBE </dev/null
$3
PROBE
  )
  printf '%s %s %s\\n%.1500s\\n' "$mark" "$1" "$?" "$words"
}
`;

/** What a run is, for the programs of a run. */
export interface RunVariables {
  readonly rootPrefix: string;
  /** Hex; names the run's folder. */
  readonly id: string;
  readonly run: string;
  readonly target: string;
  /** Of the stamp; `-` for a clean. */
  readonly fingerprint: string;
  /** ISO time, UTC. */
  readonly since: string;
}

/** Where pai keeps things on a host. */
export function stateDirectory(rootPrefix: string): string {
  return `${rootPrefix}${STATE_DIRECTORY}`;
}

/** Path on the host of a target's log. */
export function logPath(rootPrefix: string, target: string): string {
  return `${stateDirectory(rootPrefix)}/log/${targetFileName(target)}.log`;
}

/** The assignments that `start` and `job` begin with. */
export function runVariables(variables: RunVariables): string {
  return assignments({
    base: stateDirectory(variables.rootPrefix),
    root: variables.rootPrefix,
    id: variables.id,
    run: variables.run,
    file: targetFileName(variables.target),
    target: variables.target,
    fingerprint: variables.fingerprint,
    since: variables.since,
  });
}

/** A bootstrap and its arguments: what `sh -c` is given. Free of quotes and newlines, so that any login shell passes it on. */
export interface Bootstrap {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** Unpacks the archive on standard input, which is one of `run/<id>`, and goes on with its `start`. */
export function runBootstrap(rootPrefix: string, id: string): Bootstrap {
  const folders = ['run', 'stamps', 'unfinished', 'log', 'result'].map((name) => `"$1/${name}"`).join(' ');
  return {
    program:
      `umask 077; [ -d "$1/result" ] || mkdir -p ${folders}; ` +
      'if cd "$1" && tar -xf -; then . "./run/$2/start"; else rm -rf "$1/run/$2"; exit 125; fi',
    arguments: [stateDirectory(rootPrefix), id],
  };
}

/** Runs the program on standard input. */
export const programBootstrap: Bootstrap = { program: 'umask 077; exec sh', arguments: [] };

/** Writes standard input to a file, by its path on the host; whole or not at all. */
export function receiveBootstrap(rootPrefix: string, path: string): Bootstrap {
  const place = `${rootPrefix}${path}`;
  return {
    program: 'umask 077; mkdir -p "$2" && cat > "$1.part" && mv -f "$1.part" "$1"',
    arguments: [place, place.slice(0, place.lastIndexOf('/'))],
  };
}

/** Prints a file, by its path on the host. */
export function showBootstrap(rootPrefix: string, path: string): Bootstrap {
  return { program: 'exec cat -- "$1"', arguments: [`${rootPrefix}${path}`] };
}

/** Program that finds run `id` of a target again. */
export function attachProgram(rootPrefix: string, target: string, id: string, offset: number): string {
  const base = stateDirectory(rootPrefix);
  return `${assignments({ base, root: rootPrefix, file: targetFileName(target), id, offset: String(offset) })}${ATTACH_PROGRAM}`;
}

/** Program that ends run `id`. */
export function stopProgram(rootPrefix: string, id: string): string {
  return `${assignments({ base: stateDirectory(rootPrefix), root: rootPrefix, id })}${STOP_PROGRAM}`;
}

/** Program that removes pai's own files from a host where nothing of it is left. */
export function tidyProgram(rootPrefix: string): string {
  return `${assignments({ base: stateDirectory(rootPrefix), root: rootPrefix })}${TIDY_PROGRAM}`;
}

/** One target to look at. */
export interface Look {
  readonly target: string;
  readonly probe: string;
}

/**
 * Program that looks at several targets. Prints their stamps as grep does (`<file>:<line>`), then in any order
 * `<mark> unfinished <file>` for what was not brought to its end and `<mark> <index> <exit code>` with the first words of a
 * probe below it, and last `<mark> end`. Probes run side by side; what was never applied is not probed.
 */
export function observeProgram(rootPrefix: string, mark: string, looks: readonly Look[]): string {
  const files = looks.map((look) => shellQuote(targetFileName(look.target)));
  return `${assignments({ root: rootPrefix, mark, ROOT: rootPrefix })}${SHELL_PATH}
export ROOT
${LOOK_PROGRAM}
if cd ${shellQuote(stateDirectory(rootPrefix))} 2>/dev/null; then
  (cd stamps && grep -Hsa '' ${files.join(' ')})
${looks.map((look, index) => `  look ${index} ${files[index]} ${shellQuote(look.probe)} &`).join('\n')}
  wait
fi
printf '%s end\\n' "$mark"
`;
}

/** Program that prints a tar of those of the files that exist, by their paths with a dot in front. */
export function readProgram(rootPrefix: string, paths: readonly string[]): string {
  const names = paths.map((path) => shellQuote(`.${path}`));
  return `cd ${shellQuote(rootPrefix === '' ? '/' : rootPrefix)} || exit 125
set --
for file in ${names.join(' ')}; do
  if [ -f "$file" ]; then set -- "$@" "$file"; fi
done
if [ "$#" -gt 0 ]; then exec tar -chf - -- "$@"; fi
`;
}

/** Program that answers a question: `script` with `ROOT` set, whose standard output is the answer. */
export function askProgram(rootPrefix: string, script: string): string {
  return `${assignments({ ROOT: rootPrefix })}${SHELL_PATH}\nexport ROOT\n${script}\n`;
}

function assignments(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
    .join('');
}
