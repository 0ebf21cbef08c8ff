# fish completion for workpeer(1). Options, commands, keys and their values come from the program itself.

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

# "table.key=", and "table.key=value" where the values can be counted: the latter once the word has a "=".
function __workpeer_keys
    set -l words (__workpeer_words)
    set -l keys ($words[1] --generate_config $argv[1] 2>/dev/null | awk '
        /^\[/ { table = substr ($1, 2, length ($1) - 2) "." }
        /^\t?# type: / {
            values = $0 ~ /: (one of|true or false)/ ? $0 : ""
            gsub (/.*: (one of )?|[",]| or/, " ", values)
        }
        /^\t?# [a-z_]+ = / {
            print table $2 "="
            for (i = split (values, value); i > 0; i--) print table $2 "=" value[i]
        }')
    if string match -q -- '*=*' (commandline --current-token)
        string match -- '*=?*' $keys
    else
        string match -- '*=' $keys
    end
end

function __workpeer_devices
    set -l words (__workpeer_words)
    echo cpu\nall
    $words[1] --list_devices 2>/dev/null | string replace -r -f '^ *"(\d+:\d+)".*' '$1'
end

# Whether the last option is one of these, with any number of words after it.
function __workpeer_among
    set -l options (string match -- '--*' (__workpeer_words))
    set -q options[1]; and contains -- $options[-1] $argv
end

# Whether the option before wants its value here, or the command a hash.
function __workpeer_wants_value
    set -l words (__workpeer_words)
    set -l help (__workpeer_help)
    string match -q -r -- "^  $words[-1] [A-Z]" $help; and return 0
    string match -q -- '-*' (commandline --current-token); and return 1
    __workpeer_among --config --rpcconfig; and return 0
    string match -q -r -- '\[OPTION\]\.\.\. [A-Z]' "$help[1]"
end

function __workpeer_is_first
    test (count (__workpeer_words)) -eq 1
end

function __workpeer_after
    set -l words (__workpeer_words)
    test (count $words) -gt 1; and contains -- $words[-1] $argv
end

complete -c workpeer -f
complete -c workpeer -n __workpeer_is_first -a '(__workpeer_commands)'
complete -c workpeer -n 'not __workpeer_wants_value' -a '(__workpeer_options)'
complete -c workpeer -n '__workpeer_after --network' -a 'live beta test dev banano'
complete -c workpeer -n '__workpeer_after --generate_config' -a 'node rpc'
complete -c workpeer -n '__workpeer_after --subtype' -a 'send receive open change epoch'
complete -c workpeer -n '__workpeer_after --scanner' -a 'all auto portable avx2 avx512 neon neon-sha3'
complete -c workpeer -n '__workpeer_after --device' -a '(__workpeer_devices)'
complete -c workpeer -n '__workpeer_after --data_path' -a '(__fish_complete_directories)'
complete -c workpeer -n '__workpeer_after --pid_file --key_file' -F
complete -c workpeer -n '__workpeer_among --config' -a '(__workpeer_keys node)'
complete -c workpeer -n '__workpeer_among --rpcconfig' -a '(__workpeer_keys rpc)'
