/** Longer ones are left to a shell of their own: the one that forks reads its commands byte by byte. */
const LONGEST = 4096;

/*
 * What lets a command tell a fork of a shell from a shell of its own: `$$` and the id of the last job, counters of the shell, its
 * options, its jobs, the text of what runs; and what might bring any of these in from elsewhere.
 */
const VARIABLES = /\$\{?[$!_-]|\$\{[^}]*@|\b(?:BASH\w*|SHELLOPTS|SHLVL|SECONDS|LINENO|FUNCNAME|pai_\w*)\b|%\(/;
const BUILTINS =
  /\b(?:source|eval|jobs|fg|bg|disown|suspend|monitor|times|caller|history|fc|declare|typeset|compgen|enable)\b|\bset\s+[-+]\w*m|(?:^|[\s;&|({!])\.\s/;

/**
 * Whether a command does the same in a fork of a bash that waits for commands as in a bash of its own. To be on the safe side it is
 * enough that its text may mean something else.
 */
export function isForkable(line: string): boolean {
  return line.length <= LONGEST && !line.includes('\0') && !VARIABLES.test(line) && !BUILTINS.test(line);
}

/** Whether bash starts as it is with this environment: no file of the user's is read, no function and no option comes from it. */
export function isPlainEnvironment(env: NodeJS.ProcessEnv): boolean {
  return !Object.keys(env).some((name) => /^(?:BASH|SHELLOPTS$|POSIXLY_CORRECT$|pai_)/.test(name));
}
