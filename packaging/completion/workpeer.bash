# bash completion for workpeer(1). Options, commands, keys and their values come from the program itself.

# "table.key=", and "table.key=value" where the values can be counted.
_workpeer_keys () {
    "$1" --generate_config "$2" 2>/dev/null | awk '
        /^\[/ { table = substr ($1, 2, length ($1) - 2) "." }
        /^\t?# type: / {
            values = $0 ~ /: (one of|true or false)/ ? $0 : ""
            gsub (/.*: (one of )?|[",]| or/, " ", values)
        }
        /^\t?# [a-z_]+ = / {
            print table $2 "="
            for (i = split (values, value); i > 0; i--) print table $2 "=" value[i]
        }'
}

_workpeer () {
    local program=$1 current=$2 previous=$3 i=$((COMP_CWORD - 1)) key= help words=
    COMPREPLY=()
    # "--network=li" comes as three words, and "--network=" as two; "rpc.port=1" likewise.
    if [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $current == = ]]; then
        current=
    fi
    # What follows --config is more of the same.
    while ((i > 1)) && [[ ${COMP_WORDS[i]} != --* ]]; do ((i--)); done
    if [[ ${COMP_WORDS[i]} == --config || ${COMP_WORDS[i]} == --rpcconfig ]] && [[ $current != -* ]]; then
        [[ $previous != --* && ( ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ) ]] &&
            key=$previous=
        words=$(_workpeer_keys "$program" "$([[ ${COMP_WORDS[i]} == --config ]] && echo node || echo rpc)")
        if [[ $key ]]; then
            words=$(sed -n "s/^$key\(..*\)/\1/p" <<<"$words")
        else
            words=$(grep '=$' <<<"$words")
            compopt -o nospace
        fi
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        return
    fi
    case $previous in
    --network) words="live beta test dev banano" ;;
    --generate_config) words="node rpc" ;;
    --subtype) words="send receive open change epoch" ;;
    --scanner) words="all auto portable avx2 avx512 neon neon-sha3" ;;
    --device) words="cpu all $("$program" --list_devices 2>/dev/null | sed -n 's/^ *"\([0-9]*:[0-9]*\)".*/\1/p')" ;;
    --data_path) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    --pid_file | --key_file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    *)
        if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then
            help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null)
        else
            help=$("$program" --help 2>/dev/null)
            ((COMP_CWORD > 1)) || words=$(sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' <<<"$help")
        fi
        # No option stands where the one before wants its value, or the command a hash.
        [[ $'\n'$help =~ $'\n  '"$previous "[A-Z] ]] && return
        [[ $current != -* && $help =~ ^[^$'\n']*'[OPTION]... '[A-Z] ]] && return
        words+=" $(sed -n 's/^  \(--[a-z_]*\).*/\1/p' <<<"$help")"
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _workpeer workpeer
