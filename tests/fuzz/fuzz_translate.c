// fuzz_translate.c - rules of a session as any peer may write them: two bytes of length, the IEs of an establishment so long, those of a
// modification. What is accepted must be a session that can be told, kept, read again and changed; what is refused must have a cause.
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/rules/front.h"
#include "ctrl/pfcp/rules/pfds.h"
#include "ctrl/pfcp/rules/translate.h"
#include "ctrl/pfcp/session/answer.h"
#include "shared/wire/cursor.h"

#define OURS 0x0a630301u
#define TEID 0x1000u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct pfcp_tree tree;
static struct rules rules;
static struct translation to;
static struct translate_given given;
static struct pfds pfds;
static const struct conf conf = {
	.pfcp_rules = 2,
	.pfcp_rule = { { .name = "a",
			 .filters = 1,
			 .filter = { "permit out 17 from any 53 to assigned" },
			 .pass = CONF_YES,
			 .qfi = 5 },
		       { .name = "b", .filters = 1, .filter = { "permit out ip from any to any" }, .pass = CONF_YES } }
};

static bool refused(const struct rules_fault *fault)
{
	if (!fault->why.cause)
		abort();
	return true;
}

// Told to ctrl, whole; what is said of it later finds its names.
static void tell(void)
{
	static uint8_t packed[1 << 20];
	static struct answer_names names;
	size_t size = shoal__oss__session__get_packed_size(&to.session);

	if (size > sizeof(packed) || shoal__oss__session__pack(&to.session, packed) != size)
		abort();
	for (unsigned i = 0; i < to.pdrs; i++)
		if (to.pdr[i].tunnelled && to.pdr[i].tunnel >= TRANSLATE_TUNNELS)
			abort();
	answer_remember(&to, &names);
}

// What ctrl gives it.
static void give(void)
{
	given.teid = TEID;
	given.ue_ipv4 = to.ue.ipv4 ? to.ue.ipv4 : to.ue.want_ipv4;
	given.ue_ipv6 = to.ue.ipv6_prefix ? to.ue.ipv6_prefix : to.ue.want_ipv6;
	for (unsigned i = 0; i < to.pdrs; i++) {
		if (!to.pdr[i].tunnelled)
			continue;
		given.rule[given.rules].pdr = (uint16_t)to.rule[i].id;
		given.rule[given.rules].tunnel = to.pdr[i].tunnel;
		given.rule[given.rules++].teid = to.match[i].teid ? to.match[i].teid : TEID + to.pdr[i].tunnel;
	}
}

// There is one application, "a".
static void provision(void)
{
	static const uint8_t value[] = "\0\030\0\001a\0\073\0\047\0\075\0\043\1\0\0\037permit out ip from any to any 7";
	struct pfcp_fault fault;
	struct pfds_app *app = pfds_read(value, sizeof(value) - 1, &tree, &fault);

	if (!app || !pfds_put(&pfds, app))
		abort();
}

static bool establish(const uint8_t *body, size_t bytes)
{
	struct rules_fault fault = { 0 };

	rules_clear(&rules);
	given = (struct translate_given){ .gtpu_ipv4 = OURS, .pfds = &pfds, .conf = &conf };
	if (pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), body, bytes, &tree, &fault.why) ||
	    rules_create(&rules, &tree, &fault) || translate(&rules, &given, &to, &fault))
		return !refused(&fault);
	tell();
	give();
	return true;
}

static bool keep(uint8_t *kept, size_t room)
{
	const struct front before = { .cp = { 1, { .has_ipv4 = true, .ipv4 = 1 } } };
	struct rules_fault fault = { 0 };
	struct front front;
	int length = front_write(&before, &rules, kept, room);

	if (length < 0)
		return false;
	rules_clear(&rules);
	if (front_read(&front, kept, (size_t)length, &tree) || rules_create(&rules, &tree, &fault))
		abort();
	rules_keep(&rules);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t kept[FRONT_MAX];
	struct rules_fault fault = { 0 };
	size_t first = length > 2 ? be16_get(bytes) : 0;

	provision();
	if (length < 2 || first > length - 2 || !establish(bytes + 2, first) || !keep(kept, sizeof(kept)))
		return 0;
	if (translate(&rules, &given, &to, &fault)) // as it was
		abort();
	pfds_clear(&pfds);
	given.conf = NULL;
	if (translate(&rules, &given, &to, &fault)) // its application is gone, and so are predefined rules
		abort();
	given.conf = &conf;
	provision();
	if (pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_REQUEST), bytes + 2 + first, length - 2 - first, &tree,
		      &fault.why) ||
	    rules_modify(&rules, &tree, &fault) || translate(&rules, &given, &to, &fault))
		refused(&fault);
	else
		tell();
	return 0;
}
