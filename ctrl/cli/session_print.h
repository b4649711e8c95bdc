// session_print.h - sessions as people read them. Prints on stdout; one thread.
#pragma once
#include "ctrl/cli/sheet.h"
#include "proto/oss.pb-c.h"

// Everything about one session, a fact a line.
void session_print(const Shoal__Oss__Session *session);

// A line a session.
void session_sheet_open(struct sheet *sheet);
void session_sheet_row(struct sheet *sheet, const Shoal__Oss__Session *session);
