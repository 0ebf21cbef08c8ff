# fish completion for workpeer(1). Options, commands and keys come from the program itself.

function __workpeer_words
    commandline --tokenize --cut-at-cursor --current-process
end

# Names and what they mean, from the help of the command in hand.
function __workpeer_help
    set -l words (__workpeer_words)
    if set -q words[2]; and not string match -q -- '-*' $words[2]
        $words[1] $words[2] --help 2>/dev/null
    else
        $words[1] --help 2>/dev/null
    end
end

function __workpeer_options
    __workpeer_help | string replace -r -f '^  (--[a-z_]+)(?: \S+)?\s+(.*)$' '$1\t$2'
end

function __workpeer_commands
    set -l words (__workpeer_words)
    $words[1] --help 2>/dev/null | string replace -r -f '^  ([a-z]+) .*?  +(.*)$' '$1\t$2'
end

function __workpeer_keys
    set -l words (__workpeer_words)
    $words[1] --generate_config $argv[1] 2>/dev/null | awk '
        /^\[/ { table = substr ($1, 2, length ($1) - 2) "."; next }
        /^\t?# [a-z_]+ = / { print table $2 "=" }'
end

function __workpeer_is_first
    test (count (__workpeer_words)) -eq 1
end

function __workpeer_after
    set -l words (__workpeer_words)
    test (count $words) -gt 1; and contains -- $words[-1] $argv
end

set -l valued --network --generate_config --subtype --scanner --data_path --pid_file --key_file --config --rpcconfig

complete -c workpeer -f
complete -c workpeer -n __workpeer_is_first -a '(__workpeer_commands)'
complete -c workpeer -n "not __workpeer_after $valued" -a '(__workpeer_options)'
complete -c workpeer -n '__workpeer_after --network' -a 'live beta test dev banano'
complete -c workpeer -n '__workpeer_after --generate_config' -a 'node rpc'
complete -c workpeer -n '__workpeer_after --subtype' -a 'send receive open change epoch'
complete -c workpeer -n '__workpeer_after --scanner' -a 'all auto portable avx2 avx512 neon neon-sha3'
complete -c workpeer -n '__workpeer_after --data_path' -a '(__fish_complete_directories)'
complete -c workpeer -n '__workpeer_after --pid_file --key_file' -F
complete -c workpeer -n '__workpeer_after --config' -a '(__workpeer_keys node)'
complete -c workpeer -n '__workpeer_after --rpcconfig' -a '(__workpeer_keys rpc)'
