#include "services/mesoctl/completion_scripts.h"

namespace meso::mesoctl {
namespace {

// The words are taken from the line itself: COMP_WORDS splits at : and =, and names have both.
constexpr char kBash[] = R"sh(# bash completion for mesoctl
_mesoctl() {
  local IFS=$' \t\n' line="${COMP_LINE:0:COMP_POINT}" current words=() joined candidate answer
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=("")
  current=${words[-1]}
  joined=$(IFS=$'\x1f'; printf '%s' "${words[*]:1}")
  # What stands before the last : or = is already on the line.
  local cut=${current%"${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r answer; do
    if [[ $answer == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$current")
      continue
    fi
    candidate=${answer%%$'\t'*}
    COMPREPLY+=("${candidate#"$cut"}")
  done < <("${words[0]}" __complete -- "$joined" 2>/dev/null)
}
complete -F _mesoctl mesoctl
)sh";

constexpr char kZsh[] = R"sh(#compdef mesoctl
_mesoctl() {
  local -a answers candidates
  local answer joined help
  joined=${(pj:\x1f:)words[2,CURRENT]}
  answers=("${(@f)$(${words[1]} __complete -- "$joined" 2>/dev/null)}")
  for answer in $answers; do
    if [[ $answer == :files ]]; then
      _files
    elif [[ -n $answer ]]; then
      help=${answer#*$'\t'}
      [[ $answer == *$'\t'* ]] || help=
      candidates+=("${${answer%%$'\t'*}//:/\\:}${help:+:$help}")
    fi
  done
  (( $#candidates )) && _describe mesoctl candidates
}
compdef _mesoctl mesoctl
# Loaded from fpath, this file is the function itself at its first call.
if [[ $funcstack[1] == _mesoctl ]]; then _mesoctl; fi
)sh";

constexpr char kFish[] = R"sh(# fish completion for mesoctl
function __mesoctl_complete
  set -l words (commandline -opc) (commandline -ct)
  for answer in ($words[1] __complete -- (string join \x1f -- $words[2..-1]) 2>/dev/null)
    if test "$answer" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $answer
    end
  end
end
complete -c mesoctl -f -a '(__mesoctl_complete)'
)sh";

}  // namespace

std::string CompletionScript(absl::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

}  // namespace meso::mesoctl
