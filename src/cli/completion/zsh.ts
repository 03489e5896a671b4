/** For zsh: `source <(pai completion zsh)` after compinit, or as a file `_pai` in fpath. */
export const zsh = `#compdef pai
# Completion of pai for zsh. Load it with: source <(pai completion zsh)
_pai() {
  local line value
  local -a values shown
  while IFS= read -r line; do
    value=\${line%%$'\\t'*}
    values+=("$value")
    shown+=("\${line/$'\\t'/  }")
  done < <("$words[1]" __complete "\${(@)words[2,CURRENT]}" 2> /dev/null)
  if (( $#values )); then
    compadd -l -d shown -a values
  else
    _files
  fi
}
if [[ $funcstack[1] == _pai ]]; then _pai "$@"; else compdef _pai pai; fi
`;
