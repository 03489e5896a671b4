/** For bash 4.3 and later: `source <(pai completion bash)`. */
export const bash = `# Completion of pai for bash. Load it with: source <(pai completion bash)
_pai() {
  local line=\${COMP_LINE:0:COMP_POINT} word candidate IFS
  local -a words=()
  read -ra words <<< "$line"
  # The word that is being typed is empty behind a space.
  [[ $line == *[[:space:]] ]] && words+=('')
  word=\${words[-1]}
  # Bash takes a word apart at these characters and wants only the last part back.
  local apart=''
  [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && apart=\${word%"\${word##*:}"}
  [[ $COMP_WORDBREAKS == *=* && $word == *=* && \${#apart} -lt \${#word} ]] && {
    local equals=\${word%"\${word##*=}"}
    [[ \${#equals} -gt \${#apart} ]] && apart=$equals
  }
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    COMPREPLY+=("\${candidate#"$apart"}")
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2> /dev/null)
}
complete -o default -F _pai pai
`;
