# shellcheck shell=bash
# traffic.sh - real traffic of subscribers through the tunnel, and what became of it.
# Sourced by bash after netlab.sh. Names are the lab's files: $LAB/ping-NAME, $LAB/got-NAME.

NET4=10.99.6.2
NET6=fd99:6::2

# Whom on the internet side a subscriber talks to.
beyond() { # ue
	if [[ $1 == *:* ]]; then echo "$NET6"; else echo "$NET4"; fi
}

# A whole run of pings. An answer counts when it comes within the patience after the last (pinger.c); $LAB/ping-NAME says how many did.
pings_between() { # from to count interval name patience
	in_ns ran "$BUILD/tests/lab/shoal-pinger" "${@:1:4}" "$6" >"$LAB/ping-$5" 2>>"$LAB/log/ping-$5"
}

# A subscriber's, of which none should be lost. Where some are, the story's last words say what was counted on their way meanwhile.
pings() { # ue count interval name
	local code=0
	way_counts >"$LAB/way-$4"
	pings_between "$1" "$(beyond "$1")" "${@:2}" 5 || code=$?
	[[ $(pings_lost "$4") == 0 ]] || way_moved "$4" >>"$LAB/log/ping-$4"
	return "$code"
}

pings_lost() { # name
	jq '.sent - .answered' "$LAB/ping-$1"
}

pings_twice() { # name
	jq .twice "$LAB/ping-$1"
}

pings_mean_ms() { # name
	jq .mean_ms "$LAB/ping-$1"
}

ue_pings() { # ue [count]
	pings "$1" "${2:-3}" 0.05 one && [[ $(pings_lost one) == 0 ]]
}

# They are all sent, and no more than so many are answered.
ue_pings_at_most() { # ue how-many [count]
	pings_between "$1" "$(beyond "$1")" "${3:-3}" 0.05 one 5 || [[ $? == 1 ]] || return
	jq -e --argjson most "$2" --argjson count "${3:-3}" '.sent == $count and .answered <= $most' "$LAB/ping-one" >/dev/null
}

# All that counts packets between subscribers and the internet, host by host: a name and a value each line.
way_counts() {
	local ns
	for ns in ran gw net; do
		in_ns "$ns" awk -v at="$ns." '
			FILENAME ~ /dev$/ && NF > 9 && $1 != "lo:" && sub(":", " ") {
				print at $1 ".rx", $3 "\n" at $1 ".rx_lost", $4 + $5
				print at $1 ".tx", $11 "\n" at $1 ".tx_lost", $12 + $13 }
			$1 == "Icmp:" && !titles { titles = split($0, title); next }
			$1 == "Icmp:" { for (i = 2; i <= titles; i++) if (title[i] ~ /Echo|Err/) print at "Icmp" title[i], $i }
			/^Icmp6.*(Echo|Err)/ { print at $1, $2 }' /proc/net/dev /proc/net/snmp /proc/net/snmp6 || true
	done 2>/dev/null
	{ shoal --timeout 2 counters --json && shoal --timeout 2 status --json; } 2>/dev/null | jq -r '
		(.counters // [] | .[] | select(.name | test("^(ctrl|door|primary_(turns|idle|sleeps))") | not) | "\(.name) \(.value)"),
		(.ports // [] | .[] | "\(.name).rx_missed \(.rx_missed)", "\(.name).tx_failed \(.tx_failed)"),
		(.account // {} | to_entries[] | select(.value | type == "number") | "account.\(.key) \(.value)")' || true
}

# What has moved since a run of pings began: behind the last number that is as high as theirs, there the lost ones are.
way_moved() { # name
	sleep 0.5 # the gateway copies its counters out now and then
	date +%T
	cat "$LAB/ping-$1"
	join <(sort "$LAB/way-$1") <(way_counts | sort) | awk '$2 != $3 { print $1 " " ($3 > $2 ? "+" : "") $3 - $2 }' | paste -sd , | fold -sw 150
	in_ns ran ip neighbour
	in_ns net ip neighbour
}

# A web server and an iperf3 on the internet side; the file's checksum is in WEB_SUM.
web_up() { # MiB
	mkdir "$LAB/www"
	head -c "$1M" /dev/urandom >"$LAB/www/file"
	WEB_SUM=$(sha256sum <"$LAB/www/file")
	lab_start web net "$PYTHON" -u -m http.server 80 --bind "$NET4" --directory "$LAB/www"
	lab_start iperf net iperf3 --server --forceflush --bind "$NET4"
	lab_expect web Serving
	lab_expect iperf listening
}

download() { # ue name [curl option...]
	in_ns ran curl -sS --max-time 120 --interface "$1" "${@:3}" -o "$LAB/got-$2" "http://$NET4/file"
}

download_same() { # name
	[[ $(sha256sum <"$LAB/got-$1") == "$WEB_SUM" ]]
}

download_has() { # name bytes
	[[ -e $LAB/got-$1 ]] && (($(stat -c %s "$LAB/got-$1") > $2))
}
