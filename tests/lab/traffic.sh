# shellcheck shell=bash
# traffic.sh - real traffic of subscribers through the tunnel, and what became of it.
# Sourced by bash after netlab.sh. Names are the lab's files: $LAB/ping-NAME, $LAB/got-NAME.

NET4=10.99.6.2
NET6=fd99:6::2

# Whole runs of pings. The answer counts when it comes within two seconds after the last.
pings() { # ue count interval name
	local to=$NET4
	[[ $1 == *:* ]] && to=$NET6
	in_ns ran ping -q -n -c "$2" -i "$3" -W 2 -I "$1" "$to" >"$LAB/ping-$4" 2>&1
}

pings_lost() { # name
	awk '/packets transmitted/ { print $1 - $4 }' "$LAB/ping-$1"
}

pings_median_ms() { # name; ping prints min/avg/max/mdev
	sed -n 's|^rtt[^=]*= [^/]*/\([^/]*\)/.*|\1|p' "$LAB/ping-$1"
}

ue_pings() { # ue [count]
	pings "$1" "${2:-3}" 0.05 one && [[ $(pings_lost one) == 0 ]]
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
