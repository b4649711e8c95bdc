// choice.c - see choice.h. Pure.
#include "ctrl/pfcp/session/choice.h"
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"

bool choice_same(const struct pfcp_address *one, const struct pfcp_address *other)
{
	return (one->has_ipv4 && other->has_ipv4 && one->ipv4 == other->ipv4) ||
	       (one->has_ipv6 && other->has_ipv6 && !memcmp(one->ipv6, other->ipv6, sizeof(one->ipv6)));
}

// Whether the CP function that has the session, or is told of it, is at one of these addresses.
static bool addressed(const struct pfcp_tree *request, const struct pfcp_ie *group, unsigned type,
		      const struct front *front)
{
	struct pfcp_address address;

	for (const struct pfcp_ie *ie = pfcp_first(request, group, type); ie; ie = pfcp_again(request, ie))
		if (!pfcp_get_address(ie, &address) &&
		    (choice_same(&address, &front->cp.address) || choice_same(&address, &front->elsewhere)))
			return true;
	return false;
}

static bool grouped(const struct pfcp_tree *request, const struct pfcp_ie *group, const struct pfcp_tree *kept)
{
	const struct pfcp_ie *own = pfcp_first(kept, NULL, PFCP_IE_GROUP_ID);

	for (const struct pfcp_ie *ie = pfcp_first(request, group, PFCP_IE_GROUP_ID); own && ie;
	     ie = pfcp_again(request, ie))
		if (ie->length == own->length && !memcmp(ie->value, own->value, own->length))
			return true;
	return false;
}

bool choice_goes(const struct pfcp_tree *request, const struct front *front, const struct pfcp_tree *kept)
{
	const struct pfcp_ie *retention = pfcp_first(request, NULL, PFCP_IE_PFCP_SESSION_RETENTION_INFORMATION);

	if (retention)
		return !addressed(request, retention, PFCP_IE_CP_PFCP_ENTITY_IP_ADDRESS, front);
	return csids_meet(kept, request, NULL);
}

const struct pfcp_ie *choice_change(const struct pfcp_tree *request, const struct front *front,
				    const struct pfcp_tree *kept)
{
	const struct pfcp_ie *change = pfcp_first(request, NULL, PFCP_IE_PFCP_SESSION_CHANGE_INFO);

	for (; change; change = pfcp_again(request, change))
		if (csids_meet(kept, request, change) || grouped(request, change, kept) ||
		    addressed(request, change, PFCP_IE_CP_IP_ADDRESS, front))
			break;
	return change;
}
