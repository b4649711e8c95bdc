// role.c - the one table of who may ask what. No state; any thread may call.
#include "ctrl/door/role.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct need {
	bool listed;
	enum conf_duty least;
	bool scoped; // of sessions alone: open to the doors of one DNN
} needs[] = {
	[SHOAL__OSS__REQUEST__BODY_SESSION_CREATE] = { true, CONF_PROVISION, true },
	[SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY] = { true, CONF_PROVISION, true },
	[SHOAL__OSS__REQUEST__BODY_SESSION_DELETE] = { true, CONF_PROVISION, true },
	[SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT] = { true, CONF_PROVISION, true },
	[SHOAL__OSS__REQUEST__BODY_SESSION_FRONT] = { true, CONF_PROVISION, true },
	[SHOAL__OSS__REQUEST__BODY_SESSION_GET] = { true, CONF_READ, true },
	[SHOAL__OSS__REQUEST__BODY_SESSION_LIST] = { true, CONF_READ, true },
	[SHOAL__OSS__REQUEST__BODY_CLOSED_LIST] = { true, CONF_READ, true },
	[SHOAL__OSS__REQUEST__BODY_WORKER_LIST] = { true, CONF_READ },
	[SHOAL__OSS__REQUEST__BODY_WORKER_ORDER] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_SHARD_LIST] = { true, CONF_READ },
	[SHOAL__OSS__REQUEST__BODY_SHARD_MOVE] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_QUARANTINE_LIST] = { true, CONF_READ },
	[SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_START] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_GET] = { true, CONF_READ },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_ABORT] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_NOTE_PUT] = { true, CONF_PROVISION },
	[SHOAL__OSS__REQUEST__BODY_NOTE_GET] = { true, CONF_PROVISION },
	[SHOAL__OSS__REQUEST__BODY_NOTE_LIST] = { true, CONF_PROVISION },
	[SHOAL__OSS__REQUEST__BODY_NOTE_DELETE] = { true, CONF_PROVISION },
	[SHOAL__OSS__REQUEST__BODY_REPORT_LIST] = { true, CONF_PROVISION },
	[SHOAL__OSS__REQUEST__BODY_REPORT_DONE] = { true, CONF_PROVISION },
	[SHOAL__OSS__REQUEST__BODY_PATH_LIST] = { true, CONF_READ },
	[SHOAL__OSS__REQUEST__BODY_TRACE_START] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_TRACE_READ] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_TRACE_STOP] = { true, CONF_OPERATE },
	[SHOAL__OSS__REQUEST__BODY_STATUS_GET] = { true, CONF_READ },
	[SHOAL__OSS__REQUEST__BODY_COUNTERS_GET] = { true, CONF_READ },
};

static const char *const duties[] = {
	[CONF_READ] = "read", [CONF_PROVISION] = "provision", [CONF_OPERATE] = "operate"
};

const struct role_pass role_pass_all = { CONF_OPERATE, -1 };

struct role_pass role_pass_of(const struct conf *conf, const struct conf_door *door)
{
	struct role_pass pass = { door->role, -1 };

	for (unsigned i = 0; i < conf->pools && *door->dnn && pass.dnn < 0; i++)
		if (!strcmp(conf->pool[i].dnn, door->dnn))
			pass.dnn = (int)i;
	return pass;
}

bool role_lists(Shoal__Oss__Request__BodyCase body)
{
	return (unsigned)body < sizeof(needs) / sizeof(*needs) && needs[body].listed;
}

static const char *body_name(Shoal__Oss__Request__BodyCase body)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field(&shoal__oss__request__descriptor, (unsigned)body);

	return field ? field->name : "";
}

// What the table does not know, only those may ask who may do everything.
int role_check(const struct role_pass *pass, Shoal__Oss__Request__BodyCase body, struct fault *fault)
{
	struct need need = { false, CONF_OPERATE, false };
	char text[sizeof(fault->message)];

	if (role_lists(body))
		need = needs[body];
	if (pass->duty >= need.least && (pass->dnn < 0 || need.scoped))
		return 0;
	if (pass->duty < need.least)
		snprintf(text, sizeof(text), "This door is for the role %s; it takes the role %s.", duties[pass->duty],
			 duties[need.least]);
	else
		snprintf(text, sizeof(text), "This door is for the sessions of one data network only.");
	return fault_say(fault, SHOAL__OSS__CODE__FORBIDDEN, body_name(body), text);
}
