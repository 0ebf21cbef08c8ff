# bash completion for workpeer(1). Options, commands and keys come from the program itself.

_workpeer_keys () {
    "$1" --generate_config "$2" 2>/dev/null | awk '
        /^\[/ { table = substr ($1, 2, length ($1) - 2) "."; next }
        /^\t?# [a-z_]+ = / { print table $2 "=" }'
}

_workpeer () {
    local program=$1 current=$2 previous=$3 help words
    COMPREPLY=()
    # "--network=li" comes as three words, and "--network=" as two.
    if [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $current == = ]]; then
        current=
    fi
    case $previous in
    --network) words="live beta test dev banano" ;;
    --generate_config) words="node rpc" ;;
    --subtype) words="send receive open change epoch" ;;
    --scanner) words="all auto portable avx2 avx512 neon neon-sha3" ;;
    --data_path) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    --pid_file | --key_file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --config) words=$(_workpeer_keys "$program" node); compopt -o nospace ;;
    --rpcconfig) words=$(_workpeer_keys "$program" rpc); compopt -o nospace ;;
    *)
        if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then
            help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null)
        else
            help=$("$program" --help 2>/dev/null)
            ((COMP_CWORD > 1)) || words=$(sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' <<<"$help")
        fi
        words+=" $(sed -n 's/^  \(--[a-z_]*\).*/\1/p' <<<"$help")"
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _workpeer workpeer
