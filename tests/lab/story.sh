# shellcheck shell=bash
# story.sh - words to tell a smoke story with. A story passes (0), fails, or is skipped (77) with its reason.
# Sourced by bash, first of all; brings the rest of the lab.

. "$(dirname "${BASH_SOURCE[0]}")/netlab.sh"
. "$SHOAL/tests/lab/gateway.sh"
. "$SHOAL/tests/lab/traffic.sh"

set -E
trap 'echo "FAILED: line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND" >&2' ERR

STORY_NEEDS=(root cpu memory hugepages hugetlbfs netns tun af_xdp)

# Skips the story, with the reason, on a host that lacks something it needs.
story_needs() { # host-check matters...
	local lacking
	lacking=$("$SHOAL/deploy/host-check" --missing "$@") || story_skip "${lacking//$'\n'/; }"
}

# The usual start: the three namespaces, and the gateway running between them.
story_begin() {
	story_needs "${STORY_NEEDS[@]}"
	lab_open
	net_up
	gateway_up
}

# The usual next: subscribers, imported and served by the radio side. UE is the first one's IPv4 address.
story_subscribers() { # how many
	subscribers_make "$1" >"$LAB/subscribers.csv"
	shoal session import --wait "$LAB/subscribers.csv" >/dev/null
	ues_table >"$LAB/table.csv"
	radio_up "$LAB/table.csv"
	UE=$(ues_some 1)
}

# The usual end: nothing lost, nothing leaked, nobody died.
story_end() {
	that "the packet account closes" wait_for 10 account_closes
	local name
	for name in primary nursery ctrl; do that "$name lives" lab_alive "$name"; done
}

story_fail() { # text
	echo "FAILED: $1" >&2
	exit 1
}

story_skip() { # text
	echo "SKIPPED: $1"
	exit 77
}

# Says what is checked, runs it, and ends the story if it does not hold.
that() { # text command...
	local text=$1
	shift
	if "$@"; then echo "ok: $text"; else story_fail "$text ($*)"; fi
}

equal() { # a b
	[[ $1 == "$2" ]] || {
		echo "'$1' is not '$2'" >&2
		return 1
	}
}

not() { # command...
	! "$@"
}

# Pings that are sent, and not answered: ping(8) and shoal-pinger say 1 of that, and something else if they can't.
unanswered() { # command...
	local code=0
	"$@" || code=$?
	equal "$code" 1
}

# The command is refused by the controller, with that code.
refused() { # CODE command...
	local code=$1 exit=0
	shift
	"$@" >"$LAB/refused" 2>&1 || exit=$?
	((exit != 0)) && grep -qi "$code" "$LAB/refused" || {
		cat "$LAB/refused"
		return 1
	}
}
