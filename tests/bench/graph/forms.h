// forms.h - one packet path in several forms: the same steps, fused into a loop, as a graph, or on two cores.
//
// A run: form_begin with an array of handles, feed for each burst in order (all but the last of LANE_BURST), end. Results appear in
// the array, each where its handle was. All that is called here is the first core's; a form that has a second one uses the
// EAL's worker lcore that form->lcore names, which sleeps between runs.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/base/clock.h"
#include "workers/pipe/pipe.h"

struct form;

struct form_kind {
	const char *name;
	bool split; // over two cores
	int (*open)(struct form *form);
	void (*begin)(struct form *form);
	void (*feed)(struct form *form, unsigned n);
	unsigned (*done)(const struct form *form); // handles that are back since begin
	void (*wait)(struct form *form);           // a moment, for one of them
	void (*end)(struct form *form);            // waits for all of them
};

struct form {
	const struct form_kind *kind;
	struct pipe *pipe;
	unsigned lcore;  // of the second core; 0 = none: both halves run on the first, by turns
	uint64_t frozen; // the time of every packet, for traces; 0 = the clock's
	struct lane_handle *handles;
	uint64_t *out; // when each came back, if somebody wants to know
	unsigned fed;
	void *own; // the kind's
};

extern const struct form_kind form_fused, form_graph, form_split, form_dispatch;
extern const struct form_kind *const form_kinds[]; // those of this build; null ends them

// Null: no such form in this build.
const struct form_kind *form_kind_named(const char *name);

static inline void form_begin(struct form *form, struct lane_handle *handles, uint64_t *out)
{
	form->handles = handles;
	form->out = out;
	form->fed = 0;
	form->kind->begin(form);
}

// Clock of a burst.
static inline uint64_t form_now(const struct form *form)
{
	return form->frozen ? form->frozen : clock_ticks();
}

// lcores: as the EAL's --lcores; null: two that float. False: it would not start, and said why.
bool forms_eal(const char *lcores);
