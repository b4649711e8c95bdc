#!/bin/bash
# Doors for other hosts: who is let in, who is not and why, and what each role may do. shoal-ctrl alone.
#
#   :7400 operate   :7401 provision   :7402 read   :7403 provision, DNN ims   :7404 read, plain   ipc read for nobody
#   clients: shoal (NNG, mbedTLS), openssl s_client, and tls_abuse.py for those who want no answer
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$SHOAL/tests/lab/pki.sh"
crowd=${1:-10000}
story_needs root netns
lab_open
chmod 711 "$LAB" # a stranger has to reach the ipc door to be refused there
lab_netns gw

pki_open
for name in gateway operate provision read ims other; do pki_ca "$name-ca"; done
pki_cert gateway gateway-ca gateway 5
for name in operate provision read ims; do pki_cert "$name" "$name-ca" "$name"; done
pki_expired expired operate-ca

door() { # port role ca
	echo "- {url: 'tls+tcp://127.0.0.1:$1', role: $2, certificate: $LAB/pki/gateway.crt, key: $LAB/pki/gateway.key, ca: $LAB/pki/$3-ca.crt${4:-}}"
}
gateway_config
sed -i 's|^pools:|pools:\n  - {dnn: ims, ipv4: 10.46.0.0/16}|' "$LAB/shoal.yaml"
{
	echo "doors:"
	door 7400 operate operate
	door 7401 provision provision
	door 7402 read read
	door 7403 provision ims ', dnn: ims'
	echo "- {url: 'tcp://127.0.0.1:7404', role: read, plain: yes}"
	echo "- {url: 'ipc://$LAB/doors/read.ipc', role: read, users: [nobody]}"
} >>"$LAB/shoal.yaml"
gateway_start_one ctrl
lab_expect ctrl process.ready

# ---- Asking

at() { # port who command...
	local port=$1 who=$2
	shift 2
	in_ns gw timeout 60 "$BUILD/ctrl/cli/shoal" --connect "tls+tcp://127.0.0.1:$port" --server-name "${their_name:-gateway}" --timeout 20 --ca "$LAB/pki/${their_ca:-gateway-ca}.crt" \
		--cert "$LAB/pki/$who.crt" --cert-key "$LAB/pki/$who.key" "$@"
}
believing() { # ca name command...
	local their_ca=$1 their_name=$2
	shift 2
	"$@"
}
plain() { in_ns gw "$BUILD/ctrl/cli/shoal" --connect "$@"; }
s_client() { # option...
	in_ns gw timeout 20 openssl s_client -connect 127.0.0.1:7400 -CAfile "$LAB/pki/gateway-ca.crt" "$@" 2>&1
}
with_cert=(-cert "$LAB/pki/operate.crt" -key "$LAB/pki/operate.key")
quiet() { "$@" >/dev/null; }
told_no() { grep -q 'no renegotiation' "$LAB/anew"; }
not_anew() { # it hears what it is told as long as its input is open
	: >"$LAB/anew"
	s_client -tls1_2 "${with_cert[@]}" < <(echo R && wait_for 15 told_no) >"$LAB/anew" || true
	told_no
}
greeted() { # TLS version
	in_ns gw "$PYTHON" "$SHOAL/tests/lab/tls_abuse.py" 7400 greet "$1" "$LAB/pki/operate.crt" "$LAB/pki/operate.key"
}
# The command fails with these words, and this counter grows by one.
kept_out() { # counter words command...
	local counter=$1 words=$2 before code=0
	shift 2
	before=$(counter "$counter")
	"$@" >"$LAB/out" 2>&1 || code=$?
	grep -Eq "$words" "$LAB/out" && ((code != 0)) && wait_for 10 counter_reached "$counter" $((before + 1)) || {
		cat "$LAB/out"
		echo "exit $code, $counter $before -> $(counter "$counter")"
		return 1
	}
}
# s_client ends with 0 or 1 as it likes: its words count.
told() { # words option...
	local words=$1
	shift
	grep -Eq "$words" <(s_client "$@" <&-)
}
closed_out() { # counter words option...
	local counter=$1 before
	before=$(counter "$counter")
	told "${@:2}" && wait_for 10 counter_reached "$counter" $((before + 1))
}

# ---- Who comes in

that "the right certificate opens the door" quiet at 7400 operate status
that "TLS 1.2 and NNG's greeting" greeted TLSv1_2
that "TLS 1.3 as well" greeted TLSv1_3
that "no certificate: refused" closed_out tls_anonymous 'alert (handshake failure|certificate required)' -tls1_2
that "with TLS 1.3 too" closed_out tls_anonymous '.' -tls1_3
that "another role's certificate: refused, and the client is told" kept_out tls_issuer "not of this door's CA" at 7400 read status
that "an expired one too" kept_out tls_expired 'expired' at 7400 expired status
that "plain text at the TLS port: refused" kept_out tls_plain . plain tcp://127.0.0.1:7400 --timeout 3 status
that "TLS 1.0: refused" closed_out tls_version 'alert protocol version' -tls1 -cipher 'ALL@SECLEVEL=0' "${with_cert[@]}"
that "TLS 1.1: refused" closed_out tls_version 'alert protocol version' -tls1_1 -cipher 'ALL@SECLEVEL=0' "${with_cert[@]}"
that "a gateway of another CA is not believed" refused 'unable to get local issuer' believing other-ca gateway at 7400 operate status
that "nor one with another name" refused 'another name' believing gateway-ca elsewhere at 7400 operate status
that "no renegotiation" not_anew
that "plain text where the configuration says so" quiet plain tcp://127.0.0.1:7404 status
that "a user whom the ipc door is for" quiet in_ns gw setpriv --reuid nobody --clear-groups "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/doors/read.ipc" status
that "another is closed unread" kept_out door_account . in_ns gw setpriv --reuid daemon --clear-groups "$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/doors/read.ipc" --timeout 3 status
that "and does not reach the others at all" not in_ns gw setpriv --reuid daemon --clear-groups test -r "$LAB/run/oss.ipc"

# ---- Who may do what: every request there is, and the doors that take it

roles='
	session_create    operate provision ims
	session_modify    operate provision ims
	session_delete    operate provision ims
	session_get       operate provision ims read
	session_list      operate provision ims read
	session_import    operate provision ims
	session_front     operate provision ims
	closed_list       operate provision ims read
	worker_list       operate provision read
	worker_order      operate
	shard_list        operate provision read
	shard_move        operate
	quarantine_list   operate provision read
	quarantine_release operate
	upgrade_start     operate
	upgrade_get       operate provision read
	upgrade_abort     operate
	status_get        operate provision read
	counters_get      operate provision read
	note_put          operate provision
	note_get          operate provision
	note_list         operate provision
	note_delete       operate provision
	report_list       operate provision
	report_done       operate provision
	path_list         operate provision read
	trace_start       operate
	trace_read        operate
	trace_stop        operate
'
may() { # port who
	in_ns gw "$BUILD/tests/smoke/role_probe" "tls+tcp://127.0.0.1:$1" "$LAB/pki/gateway-ca.crt" "$LAB/pki/$2.crt" "$LAB/pki/$2.key" gateway
}
allowed() { awk '$2 != "FORBIDDEN" { print $1 }' "$LAB/may" | sort; }
wanted() { awk -v who="$1" '{ for (i = 2; i <= NF; i++) if ($i == who) print $1 }' <<<"$roles" | sort; }
before=$(counter role_forbidden)
refusals=0
for door in 7400:operate 7401:provision 7402:read 7403:ims; do
	may "${door%:*}" "${door#*:}" >"$LAB/may"
	that "${door#*:} may do its list and nothing else" equal "$(allowed)" "$(wanted "${door#*:}")"
	refusals=$((refusals + $(grep -c FORBIDDEN "$LAB/may" || true)))
done
that "all $refusals refusals are counted" equal "$(counter role_forbidden)" $((before + refusals))

# ---- One data network only

ims() { at 7403 ims "$@"; }
shoal session add --imsi 001010000000011 --dnn internet --ipv4 auto >/dev/null
other=$(shoal session ls --json | jq -r 'select(.imsi == "001010000000011") | .id')
other_ip=$(shoal session ls --json | jq -r 'select(.imsi == "001010000000011") | .ipv4')
that "it makes sessions of its own" quiet ims session add --imsi 001010000000012 --dnn ims --ipv4 auto
that "and sees them alone" equal "$(ims session ls --json | jq -r .imsi)" 001010000000012
that "another's does not exist" refused NOT_FOUND ims session show "$other"
that "by its address neither" refused NOT_FOUND ims session show --ip "$other_ip"
that "nor can it be deleted" refused NOT_FOUND ims session rm "$other"
that "nor made" refused 'FORBIDDEN: session.identity.dnn' ims session add --imsi 001010000000013 --dnn internet --ipv4 auto
that "the gateway is not its business" refused 'FORBIDDEN: status_get' ims status
that "nor are events" kept_out door_nonsense . ims events -n 1

# ---- Events

lab_start hear gw "$BUILD/ctrl/cli/shoal" --connect tls+tcp://127.0.0.1:7402 --server-name gateway --ca "$LAB/pki/gateway-ca.crt" \
	--cert "$LAB/pki/read.crt" --cert-key "$LAB/pki/read.key" events
lab_expect hear listening
that "events are not for those without the right certificate" kept_out tls_issuer "not of this door's CA" at 7402 operate events -n 1

# ---- New certificates

that "that one ends soon is said at start" lab_said ctrl 'tls.expiry .*gateway.crt expires in [45] days'
cp "$LAB/pki/gateway.crt" "$LAB/pki/gateway.old"
pki_cert gateway other-ca gateway
lab_signal HUP ctrl
that "new ones are taken" lab_expect ctrl tls.renewed
that "a client that trusts their CA comes in" quiet believing other-ca gateway at 7400 operate status
that "one that trusts the old one does not" refused 'unable to get local issuer' at 7400 operate status
echo nonsense >"$LAB/pki/gateway.crt"
lab_signal HUP ctrl
that "broken ones are not taken" lab_expect ctrl 'tls.files .*gateway.crt'
that "the others stay" quiet believing other-ca gateway at 7400 operate status
that "and who hears events is told" wait_for 10 lab_said hear 'alarm.*certificates cannot be read'

# ---- Crowds

abuse() { "$PYTHON" "$SHOAL/tests/lab/tls_abuse.py" 7400 "$@"; }
resident_mib() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$(lab_pid ctrl)/status"; }
answers() { believing other-ca gateway at 7401 provision status >/dev/null && shoal --timeout 20 status >/dev/null; }
in_ns gw "$PYTHON" "$SHOAL/tests/lab/tls_abuse.py" 7400 garbage 500
that "it answers after garbage in 500 handshakes" answers
before=$(resident_mib)
mkfifo "$LAB/hold"
lab_start crowd gw bash -c "exec $PYTHON $SHOAL/tests/lab/tls_abuse.py 7400 crowd $crowd <$LAB/hold"
exec {hold}>"$LAB/hold"
lab_expect crowd there 120
that "it answers beside $crowd handshakes that never end, there and at another door" answers
that "they cost less than 200 MiB ($before MiB before, $(resident_mib) now)" test "$(resident_mib)" -lt $((before + 200))
exec {hold}>&-
wait_for 20 lab_gone crowd
that "and after they have left" answers
that "ctrl lives" lab_alive ctrl

# ---- What is not even started

check() { "$BUILD/ctrl/shoal-ctrl" --config "$LAB/other.yaml" --check; }
sed 's/, plain: yes//' "$LAB/shoal.yaml" >"$LAB/other.yaml"
that "plain text must be asked for by name" refused 'doors\[4\].url: anybody on the way reads' check
lab_stop ctrl
pki_cert gateway gateway-ca gateway
chmod 777 "$LAB/doors"
gateway_start_one ctrl
that "a door where others can put another is refused" wait_for 10 lab_said ctrl 'doors: mode 0777'
wait_for 10 lab_gone ctrl
chmod 711 "$LAB/doors"
chmod 644 "$LAB/pki/gateway.key"
gateway_start_one ctrl
that "a key that others can read is refused" wait_for 10 lab_said ctrl 'gateway.key: mode 0644'
