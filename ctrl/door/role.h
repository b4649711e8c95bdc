// role.h - what a client may ask, by the door it came through. NNG's clients show a certificate but no name to us, so a door is
// a role: everybody it lets in may do the same.
//
// One table (role.c) gives every body of oss.proto the least role that may send it, and says whether it concerns sessions alone.
// A door of one data network (DNN) takes only those that do; sessions of others do not exist for it. Pure.
#pragma once
#include <stdbool.h>
#include "ctrl/kit/fault.h"
#include "shared/base/conf.h"

struct role_pass {
	enum conf_duty duty;
	int dnn; // -1 = all; else the number of the DNN's first pool, as place_dnn says
};

// Whoever may do everything.
extern const struct role_pass role_pass_all;

struct role_pass role_pass_of(const struct conf *conf, const struct conf_door *door);

// 0, or -EINVAL with *fault FORBIDDEN, its field the request's name.
int role_check(const struct role_pass *pass, Shoal__Oss__Request__BodyCase body, struct fault *fault);

// Whether the table has an entry for it.
bool role_lists(Shoal__Oss__Request__BodyCase body);

// Whether sessions of this DNN exist for the client.
static inline bool role_sees(const struct role_pass *pass, unsigned dnn)
{
	return pass->dnn < 0 || (unsigned)pass->dnn == dnn;
}

// Whether it may hear events: they tell of every session.
static inline bool role_hears(const struct role_pass *pass)
{
	return pass->dnn < 0;
}
