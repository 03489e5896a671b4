/** For fish 3 and later: `pai completion fish | source`. */
export const fish = `# Completion of pai for fish. Load it with: pai completion fish | source
function __pai_complete
  set -l words (commandline -opc)
  $words[1] __complete $words[2..] (commandline -ct) 2> /dev/null
end
complete -c pai -s p -l path -r -F
complete -c pai -f -a '(__pai_complete)'
`;
