// compile_play.h - sessions that compile to a plan, or are refused for a field.
#pragma once
#include "ctrl/rules/compile.h"

// What a test compiles.
struct compile_play {
	const Shoal__Oss__Session *session;
	const struct compile_needs *needs;
	const struct compile_about *about;
};

struct plan compile_made(const struct compile_play *play);
void compile_refused(const struct compile_play *play, Shoal__Oss__Code code, const char *field);
