// sheet_make.h - a session's sheet (shared/wire/sheet.h) out of its rules, rates and measures, which compile_rules has checked.
//
// PDRs lie in the order of precedence (TS 29.244 8.2.11: the lowest first; equal: by id), rules that forward alike share a FAR, and those
// with a filter in common share the filter. All of a session's measures are in it, whoever names them, so that a gauge goes on as long as
// its measure is there.
//
// Numbers given: a measure has one as long as its id stays, and another when it comes again; an episode is over when other rules let
// packets wait. A number never comes again in a session. The store keeps them, so that a sheet made anew is the same.
#pragma once
#include "ctrl/rules/compile.h"

// 0: plan->sheet, the bearer's words about it, plan->made; or -EINVAL with *fault, relative to the session.
int sheet_make(const Shoal__Oss__Session *session, const struct compile_needs *needs, const struct compile_about *about,
	       struct plan *plan, struct fault *fault);

// What a sheet hands on to the next. Null: it had none.
void sheet_past(const struct sheet *sheet, uint32_t made, struct compile_past *past);

// How what waits is to be kept from this change on.
struct compile_kept sheet_keeping(const Shoal__Oss__SessionModify *modify);

// A measure's number, and those of what counts what is dropped of its packets, and its events; 0 = it has none.
uint32_t sheet_serial(const struct sheet *sheet, uint32_t measure);
uint32_t sheet_drops(const struct sheet *sheet, uint32_t measure);
uint32_t sheet_events(const struct sheet *sheet, uint32_t measure);

// What a row keeps of them: of all measures, then of all that count what is dropped, then events. Returns how many there are.
#define SHEET_SERIALS (3 * SHEET_URRS)
size_t sheet_serials(const struct sheet *sheet, const Shoal__Oss__Session *session, uint32_t serials[SHEET_SERIALS]);

// What a region's room for rules has to hold: header, sheet, tokens, gauges (shared/plane/ruled.h).
uint32_t sheet_room(const struct sheet *sheet);
