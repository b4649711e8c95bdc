// compile_framed.h - networks behind a UE in what a session asks for (framed routes, TS 29.244 5.16): parts of compile_bearer.
//
// Named by the session, or by rules for themselves; each is in the plan once. Pure.
#pragma once
#include "ctrl/rules/compile.h"

// Networks behind the UE, into the plan. 0, or -EINVAL with *fault.
int compile_framed(const Shoal__Oss__Session *session, const struct compile_about *about, struct plan *plan,
		   struct fault *fault);
// That this one is somebody else's, or whatever `why` says.
int compile_framed_fault(const struct plan_framed *framed, unsigned at, Shoal__Oss__Code code, const char *why,
			 struct fault *fault);
// Whether the rule names it; session: it holds for all rules that take packets from the core.
bool compile_framed_named(const Shoal__Oss__Match *match, const struct prefix *prefix);
bool compile_framed_all(const Shoal__Oss__Session *session, const struct prefix *prefix);

// The short form of a session with such networks: as the rules that it stands for.
int compile_framed_bearer(const Shoal__Oss__Session *session, const struct compile_needs *needs,
			  const struct compile_about *about, struct plan *plan, struct fault *fault);
