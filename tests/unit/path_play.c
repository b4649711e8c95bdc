// path_play.c - see path_play.h. State: of the running test.
#include "tests/unit/path_play.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/cursor.h"

struct path_play played;

static bool on_order(void *with, const Shoal__Fleet__Order *order)
{
	assert_int_equal(order->body_case, SHOAL__FLEET__ORDER__BODY_ECHOES);
	if (played.refuses)
		return false;
	played.echoes += (unsigned)order->echoes->n_echoes;
	played.sequence = (uint16_t)order->echoes->echoes[0]->sequence;
	played.to = order->echoes->echoes[0]->peer_ipv4;
	return true;
}

static void on_turned(void *with, const struct path *path)
{
	*(path->state == SHOAL__OSS__PATH_STATE__PATH_UP ? &played.ups : &played.downs) += 1;
}

static void on_lost(void *with, const struct session *session, const struct path_error *error)
{
	assert_int_equal(session->id, error->session);
	played.error = *error;
	played.lost++;
}

int paths_setup(void **state)
{
	memset(&played, 0, sizeof(played));
	played.paths = (struct paths){ .interval_ns = 60 * SECOND, .t3_ns = 5 * SECOND, .n3 = 3, .stand = 1ull << 32 };
	played.paths.order = on_order;
	played.paths.turned = on_turned;
	played.paths.lost = on_lost;
	played.now_ns = 1000 * SECOND;
	played.able = true;
	return paths_open(&played.paths);
}

int paths_teardown(void **state)
{
	paths_close(&played.paths);
	return 0;
}

void pass(uint64_t ns)
{
	for (uint64_t end_ns = played.now_ns + ns; played.now_ns < end_ns;) {
		played.now_ns += TICK;
		paths_tick(&played.paths, played.now_ns, played.now_ns / 1000000, played.able);
		paths_answered(&played.paths, NULL);
	}
}

static struct path_peer peer4(uint32_t ipv4)
{
	struct path_peer peer = { .family = 4 };

	be32_put(peer.address, ipv4);
	return peer;
}

const struct path *path_to(uint32_t ipv4)
{
	const struct path_peer peer = peer4(ipv4);

	return paths_find(&played.paths, &peer);
}

struct report said_by(uint32_t ipv4, enum report_kind kind)
{
	struct report report = { .kind = (uint8_t)kind, .family = 4 };

	be32_put(report.peer, ipv4);
	return report;
}

void echo_from(uint32_t ipv4, uint16_t sequence)
{
	struct report report = said_by(ipv4, REPORT_ECHO);

	report.seq = sequence;
	paths_hear(&played.paths, &report, played.now_ns, played.now_ns / 1000000);
}

struct session session_to(uint64_t id, uint32_t ipv4, uint32_t teid)
{
	return (struct session){ .id = id, .bearer = { .peer_ipv4 = ipv4, .peer_teid = teid } };
}

void set(struct session *session)
{
	paths_set(&played.paths, session, played.now_ns);
}
