// session_pages.h - all sessions that a list request names, fetched page by page. One thread.
#pragma once
#include "ctrl/cli/cli.h"
#include "proto/oss.pb-c.h"

// Called for each page with the sessions in it and how many there are in all; false stops.
typedef bool session_page(void *arg, const Shoal__Oss__SessionListAnswer *page);

// Asks for at most `most` sessions that fit the filters in *list; its `after` and `limit` are set here. An enum cli_exit.
int session_pages(struct cli *cli, Shoal__Oss__SessionList *list, uint64_t most, session_page *each, void *arg);
