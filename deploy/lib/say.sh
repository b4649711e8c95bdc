# shellcheck shell=bash
# say.sh - how the commands talk: short lines, colours only on a terminal, every check on a line of its own.
# Sourced by bash.

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	say_bold=$'\e[1m' say_dim=$'\e[2m' say_red=$'\e[31m' say_green=$'\e[32m' say_yellow=$'\e[33m' say_plain=$'\e[0m'
else
	say_bold='' say_dim='' say_red='' say_green='' say_yellow='' say_plain=''
fi
say_checks_failed=0

say_heading() { # text
	printf '\n%s== %s%s\n' "$say_bold" "$1" "$say_plain"
}

say() { # text...
	printf '   %s\n' "$*"
}

say_faint() { # text...
	printf '   %s%s%s\n' "$say_dim" "$*" "$say_plain"
}

# One line of a summary. Remembers failures in say_checks_failed.
say_check() { # ok|failed what [detail]
	if [[ $1 == ok ]]; then
		printf '   %sok%s      %-46s %s%s%s\n' "$say_green" "$say_plain" "$2" "$say_dim" "${3:-}" "$say_plain"
	else
		printf '   %sFAILED%s  %-46s %s\n' "$say_red$say_bold" "$say_plain" "$2" "${3:-}"
		say_checks_failed=$((say_checks_failed + 1))
	fi
}

say_error() { # text
	printf '%s%s: %s%s\n' "$say_red" "${0##*/}" "$1" "$say_plain" >&2
}

# Runs a command with its output in a file, shown only if it fails.
say_quietly() { # log command...
	local log=$1 code=0
	shift
	"$@" >"$log" 2>&1 || code=$?
	if ((code)); then
		say_error "failed ($code): $*"
		tail -n 40 "$log" >&2
	fi
	return "$code"
}
