// upgrade.c - `shoal upgrade`: the workers go to another build; shoal-ctrl does it, this shows how far it is. One thread; the signal
// handler sets one word.
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/upgrade.h"

#define LOOK_MS 200
#define WATCH_MAX_MS 3600000u
#define SHARDS 256u

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = 1;
}

const char *upgrade_phase(Shoal__Oss__UpgradePhase phase)
{
	static const char *const names[] = {
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE] = "none",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_STARTING] = "starting",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY] = "canary",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_SPREADING] = "spreading",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING] = "retiring",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE] = "done",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLING_BACK] = "rolling back",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK] = "rolled back",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_REFUSED] = "refused",
	};

	return (unsigned)phase < sizeof(names) / sizeof(*names) ? names[phase] : "?";
}

static bool phase_ends(Shoal__Oss__UpgradePhase phase)
{
	return phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE || phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE ||
	       phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK ||
	       phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_REFUSED;
}

static void print_answer(const struct cli *cli, const Shoal__Oss__UpgradeAnswer *answer)
{
	json_t *object;

	if (!cli->json) {
		printf("%-12s  %3u of %u shards  %s -> %s%s%s\n", upgrade_phase(answer->phase), answer->moved, SHARDS,
		       *answer->from_build ? answer->from_build : "?", *answer->to_build ? answer->to_build : "?",
		       *answer->reason ? "  " : "", answer->reason);
		fflush(stdout);
		return;
	}
	object =
	    json_pack("{s:s, s:s, s:s, s:i, s:s, s:I, s:I}", "phase", upgrade_phase(answer->phase), "from",
		      answer->from_build, "to", answer->to_build, "moved", (int)answer->moved, "reason", answer->reason,
		      "started_ms", (json_int_t)answer->started_ms, "ended_ms", (json_int_t)answer->ended_ms);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

// One request of the three; *answer stays valid until *response is given to client_free.
static int ask(struct cli *cli, Shoal__Oss__Request *request, Shoal__Oss__Response **response,
	       const Shoal__Oss__UpgradeAnswer **answer)
{
	static const Shoal__Oss__UpgradeAnswer nothing = SHOAL__OSS__UPGRADE_ANSWER__INIT;
	int code = client_call(cli, request, request->body_case != SHOAL__OSS__REQUEST__BODY_UPGRADE_GET, response);

	*answer = &nothing;
	if (!code && (*response)->body_case == SHOAL__OSS__RESPONSE__BODY_UPGRADE)
		*answer = (*response)->upgrade;
	return code;
}

static int look(struct cli *cli, Shoal__Oss__Response **response, const Shoal__Oss__UpgradeAnswer **answer)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__UpgradeGet get = SHOAL__OSS__UPGRADE_GET__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_UPGRADE_GET;
	request.upgrade_get = &get;
	return ask(cli, &request, response, answer);
}

// How it ended, as an exit code. What was wanted: the new build, or the old one back.
static int verdict(const Shoal__Oss__UpgradeAnswer *answer, Shoal__Oss__UpgradePhase wanted)
{
	if (answer->phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE)
		fputs("shoal: shoal-ctrl was restarted and found no upgrade under way\n", stderr);
	if (wanted == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK &&
	    answer->phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_REFUSED)
		return CLI_OK;
	return answer->phase == wanted ? CLI_OK : CLI_REFUSED;
}

// Shows each change until it ends.
static int follow(struct cli *cli, Shoal__Oss__UpgradePhase wanted)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	Shoal__Oss__UpgradePhase phase = SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE;
	const Shoal__Oss__UpgradeAnswer *answer;
	Shoal__Oss__Response *response;
	uint32_t moved = 0;
	bool ends = false;
	int code = CLI_OK;

	while (!ends && !interrupted) {
		code = look(cli, &response, &answer);
		if (code)
			return code;
		ends = phase_ends(answer->phase);
		if (ends || answer->phase != phase || answer->moved != moved)
			print_answer(cli, answer);
		phase = answer->phase;
		moved = answer->moved;
		code = ends ? verdict(answer, wanted) : CLI_OK;
		client_free(response);
		if (!ends)
			nanosleep(&pause, NULL);
	}
	if (ends)
		return code;
	fputs("shoal: the upgrade goes on without this command: `shoal upgrade --status` shows how far it is, "
	      "`--abort` turns it back\n",
	      stderr);
	return CLI_PARTLY;
}

static int abort_it(struct cli *cli)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__UpgradeAbort body = SHOAL__OSS__UPGRADE_ABORT__INIT;
	const Shoal__Oss__UpgradeAnswer *answer;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_UPGRADE_ABORT;
	request.upgrade_abort = &body;
	code = ask(cli, &request, &response, &answer);
	client_free(response);
	return code ? code : follow(cli, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK);
}

// The gateway's disk may be seen from here: a path from the folder we stand in is meant so.
static int path_complete(const struct args *args, const char *word, char *path, size_t max)
{
	char folder[PATH_MAX] = "";
	int length;

	if (word[0] != '/' && !getcwd(folder, sizeof(folder)))
		return args_refuse(args, "binary: %s", strerror(errno));
	length = snprintf(path, max, "%s%s%s", folder, *folder ? "/" : "", word);
	return length > 0 && (size_t)length < max ? 0 : args_refuse(args, "binary: is too long");
}

static int start_read(const struct args *args, Shoal__Oss__UpgradeStart *start)
{
	const char *canary = args_value(args, "canary"), *watch = args_value(args, "watch");
	const char *why = canary ? units_parse_permille(canary, &start->canary_permille) : NULL;

	if (why)
		return args_refuse(args, "canary: '%s' %s", units_quote(canary).text, why);
	why = watch ? units_parse_seconds(watch, WATCH_MAX_MS, &start->watch_ms) : NULL;
	return why ? args_refuse(args, "watch: '%s' %s", units_quote(watch).text, why) : 0;
}

static int start_it(struct cli *cli, const struct args *args, const char *binary)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__UpgradeStart start = SHOAL__OSS__UPGRADE_START__INIT;
	const struct sigaction action = { .sa_handler = on_interrupt }; // no SA_RESTART: the pause ends at once
	const Shoal__Oss__UpgradeAnswer *answer;
	Shoal__Oss__Response *response;
	char path[PATH_MAX];
	int code = start_read(args, &start);

	if (!code)
		code = path_complete(args, binary, path, sizeof(path));
	if (code)
		return code;
	start.binary = path;
	request.body_case = SHOAL__OSS__REQUEST__BODY_UPGRADE_START;
	request.upgrade_start = &start;
	code = ask(cli, &request, &response, &answer);
	client_free(response);
	if (code)
		return code;
	sigaction(SIGINT, &action, NULL);
	return follow(cli, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

static int run_upgrade(struct cli *cli, const struct args *args)
{
	const char *binary = args_value(args, "binary");
	bool turn_back = args_value(args, "abort") != NULL, status = args_value(args, "status") != NULL;
	const Shoal__Oss__UpgradeAnswer *answer;
	Shoal__Oss__Response *response;
	int code;

	if ((binary != NULL) + turn_back + status != 1)
		return args_refuse(args, "one of --binary, --abort, --status is needed");
	if ((args_value(args, "canary") || args_value(args, "watch")) && !binary)
		return args_refuse(args, "--canary and --watch go with --binary");
	if (binary)
		return start_it(cli, args, binary);
	if (turn_back)
		return abort_it(cli);
	code = look(cli, &response, &answer);
	if (!code)
		print_answer(cli, answer);
	client_free(response);
	return code;
}

static const struct args_option upgrade_options[] = {
	{ "binary", "FILE", "the shoal-nursery of the new build, on the gateway's disk" },
	{ "canary", "PERCENT", "share of the shards that it serves on trial; default 1%" },
	{ "watch", "SECONDS", "how long the trial is; default 30" },
	{ "abort", NULL, "turn back the upgrade that is under way" },
	{ "status", NULL, "show how far it is, or how the last one ended" },
	{ 0 },
};

const struct command upgrade_commands[] = {
	{
	    .name = "upgrade",
	    .summary = "Brings the workers to another build while packets go on",
	    .text = "The new build's workers sit down beside the old ones and serve some shards on trial. If one of "
		    "them dies, gives\n"
		    "back what it was not given, holds sessions wrongly, refuses clearly more packets or takes clearly "
		    "longer than the\n"
		    "old ones in the same time, everything goes back by itself. Otherwise the other shards follow in "
		    "steps, and the\n"
		    "old build leaves. Exit code 0: done; 1: refused or rolled back, with the reason. Ctrl-C ends only "
		    "this command.\n",
	    .examples = "  shoal upgrade --binary /opt/shoal-0.2/bin/shoal-nursery --canary 5% --watch 60\n"
			"  shoal upgrade --status --json\n"
			"  shoal upgrade --abort\n",
	    .options = upgrade_options,
	    .run = run_upgrade,
	},
	{ 0 },
};
