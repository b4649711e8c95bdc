// upgrade_inside.h - what the files of upgrade share: upgrade.c (steps in order, and why it fails), upgrade_steps.c (what a step orders
// and when its goal is reached). For them alone.
#pragma once
#include "ctrl/fleet/upgrade.h"

// True: its goal is reached. Orders what is missing if `may`.
typedef bool upgrade_do(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may);

upgrade_do upgrade_load, upgrade_seat, upgrade_first, upgrade_glance, upgrade_canary, upgrade_watch, upgrade_spread;
upgrade_do upgrade_home, upgrade_join, upgrade_drain, upgrade_free, upgrade_stop, upgrade_slow, upgrade_retire,
    upgrade_back;

// The new build shall not have it; the words are for people. Once: what comes after is a consequence.
void upgrade_fail(struct upgrade *upgrade, const char *format, ...) __attribute__((format(printf, 2, 3)));

const Shoal__Fleet__Nest *upgrade_nest(const Shoal__Fleet__State *state, uint32_t nest);
const Shoal__Fleet__Seat *upgrade_sitter(const Shoal__Fleet__State *state, uint32_t seat);
