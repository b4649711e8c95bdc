# shellcheck shell=bash
# numbered.sh - packets with numbers for one subscriber, $UE, and what becomes of them while he is idle. Sourced behind pfcp.sh; what comes is
# in $LAB/heard, as gnbs.py writes it.

send() { # first last
	in_ns net "$PYTHON" -c "
import socket, time
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range($1, $2 + 1):
    end.sendto(b'%05d' % number, ('$UE', 7777))
    time.sleep(0.001)"
}

came() { # all there are
	awk '$2 == "data" { print $5 + 0 }' "$LAB/heard"
}

has_come() { # number
	grep -qx "$1" < <(came)
}

counter_is() { # name value
	[[ $(counter "$1") == "$2" ]]
}

waits() { # exactly so many
	counter_is primary_packets_parked "$1"
}

told() { # so many idle times
	smf reports "$1" && says "(.reports | length == $1) and all(.reports[]; .type == [\"DLDR\"] and .pdr == 2)"
}
